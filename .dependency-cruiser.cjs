// Who may import whom. DESIGN: app → control → pipeline → platform → media; nothing imports upward, no cycles.
const layer = (from, to, comment) => ({
  name: `${from.name}-to-${to.name}`,
  comment,
  severity: 'error',
  from: { path: from.path, pathNot: '\\.test\\.ts$' },
  to: { path: to.path },
})
const at = (name, path) => ({ name, path })
const media = at('media', '^src/media/')
const platform = at('platform', '^src/platform/')
const pipeline = at('pipeline', '^src/pipeline/')
const control = at('control', '^src/control/')
const app = at('app', '^src/(app/|main\\.ts)')
const upward = (from, ...tos) =>
  tos.map((to) => layer(from, to, 'imports run downward: app → control → pipeline → platform → media'))
// Inside the pipeline: only along the arrows of the picture. Each folder may import those named here.
const PIPELINE = {
  stream: [],
  packaging: ['stream'],
  ingest: ['stream'],
  delivery: ['stream', 'packaging'],
  transcode: ['stream', 'ingest'],
  recording: ['stream', 'packaging'],
  listeners: ['stream', 'ingest', 'packaging', 'delivery', 'recording', 'transcode'],
}
const stages = Object.keys(PIPELINE)
const pipelineRules = stages.map((stage) => ({
  name: `pipeline-${stage}`,
  severity: 'error',
  comment: 'inside the pipeline imports follow the frames',
  from: { path: `^src/pipeline/${stage}/`, pathNot: '\\.test\\.ts$' },
  to: {
    path: `^src/pipeline/(${stages.filter((other) => other !== stage && !PIPELINE[stage].includes(other)).join('|')})/`,
  },
}))
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...upward(media, platform, pipeline, control, app),
    ...upward(platform, pipeline, control, app),
    ...upward(pipeline, control, app),
    ...upward(control, app),
    ...pipelineRules,
    {
      name: 'media-is-pure',
      severity: 'error',
      from: { path: '^src/media/', pathNot: '(\\.test\\.ts$|/testing/)' },
      to: { dependencyTypes: ['core', 'npm', 'npm-optional', 'npm-dev'] },
    },
    {
      name: 'formats-and-protocols-apart',
      severity: 'error',
      from: { path: '^src/media/formats/' },
      to: { path: '^src/media/protocols/' },
    },
    {
      name: 'protocols-and-formats-apart',
      severity: 'error',
      from: { path: '^src/media/protocols/' },
      to: { path: '^src/media/formats/' },
    },
    {
      name: 'formats-apart',
      severity: 'error',
      comment: 'one container does not know another',
      from: { path: '^src/media/formats/([^/]+)/' },
      to: { path: '^src/media/formats/', pathNot: '^src/media/formats/$1/' },
    },
    {
      name: 'codecs-below',
      severity: 'error',
      from: { path: '^src/media/codecs/' },
      to: { path: '^src/media/(formats|protocols)/' },
    },
    {
      name: 'model-below',
      severity: 'error',
      from: { path: '^src/media/(model|bytes)/' },
      to: { path: '^src/media/(codecs|formats|protocols)/' },
    },
    {
      name: 'only-transcode-knows-node-av',
      severity: 'error',
      from: { path: '^src/', pathNot: '(^src/pipeline/transcode/|\\.test\\.ts$|/testing/)' },
      to: { path: 'node-av' },
    },
    {
      name: 'not-to-test',
      severity: 'error',
      from: { path: '^src/', pathNot: '(\\.test\\.ts$|/testing/)' },
      to: { path: '(\\.test\\.ts$|/testing/)' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
}
