import { type Metric, perWorker } from './metric.ts'

/** The codec module: renditions and their processes. */
export const CODEC_METRICS: readonly Metric[] = [
  {
    name: 'millrace_codec_crashes_total',
    help: 'Codec processes that ended under a ladder',
    labels: ['worker'],
    rows: (context) => perWorker(context, ({ transcode }) => transcode.totals.crashes),
  },
  {
    name: 'millrace_codec_gaps_total',
    help: 'Discontinuities of ladders: of the source, or because the encoder did not follow',
    labels: ['worker'],
    rows: (context) => perWorker(context, ({ transcode }) => transcode.totals.gaps),
  },
  {
    name: 'millrace_codec_dropped_frames_total',
    help: 'Input frames left out because a codec process did not follow',
    labels: ['worker'],
    rows: (context) => perWorker(context, ({ transcode }) => transcode.totals.dropped),
  },
  {
    name: 'millrace_codec_damaged_frames_total',
    help: 'Input frames of ladders that did not decode',
    labels: ['worker'],
    rows: (context) => perWorker(context, ({ transcode }) => transcode.totals.damaged),
  },
  {
    name: 'millrace_codec_decoded_frames_total',
    help: 'Pictures of sources decoded for renditions: each once, however many renditions are made of it',
    labels: ['worker'],
    rows: (context) => perWorker(context, ({ transcode }) => transcode.totals.decoded),
  },
  {
    name: 'millrace_codec_encoded_frames_total',
    help: 'Pictures encoded for renditions',
    labels: ['worker'],
    rows: (context) => perWorker(context, ({ transcode }) => transcode.totals.frames),
  },
  {
    name: 'millrace_codec_cpu_seconds_total',
    help: 'CPU time of the codec processes of ladders',
    labels: ['worker'],
    rows: (context) => perWorker(context, ({ transcode }) => transcode.totals.cpuMs / 1000),
  },
  {
    name: 'millrace_pictures_made_total',
    help: 'Pictures of streams and recordings that were encoded, as against served again',
    labels: ['worker'],
    rows: (context) => perWorker(context, ({ transcode }) => transcode.madePictures),
  },
  {
    name: 'millrace_pictures_decoded_total',
    help: 'Pictures that were decoded for them: one for all sizes and formats, several for a tile of thumbnails',
    labels: ['worker'],
    rows: (context) => perWorker(context, ({ transcode }) => transcode.decodedPictures),
  },
  {
    name: 'millrace_codec_cores',
    help: 'CPU cores that codec processes used in the last second, in all and by what they are for, and their budget',
    labels: ['what'],
    *rows({ stats }) {
      const { by, ...all } = stats.codecCores
      for (const [what, value] of Object.entries({ ...all, ...by })) yield { labels: { what }, value }
    },
  },
  {
    name: 'millrace_offline_held',
    help: 'Whether imports wait because live work leaves them no CPU',
    labels: [],
    *rows({ stats }) {
      yield { labels: {}, value: stats.offlineHeld === undefined ? 0 : 1 }
    },
  },
  {
    name: 'millrace_rendition_shed_level',
    help: 'What the load governor has taken of a rendition, and why: 1 half of the frames, 2 all',
    labels: ['stream', 'profile', 'reason'],
    *rows({ stats }) {
      for (const { transcode } of stats.reports.values())
        for (const { source, rungs } of transcode.ladders)
          for (const { name, level } of rungs) {
            const reason = level > 0 ? 'cpu' : 'none'
            yield { labels: { stream: source, profile: name, reason }, value: level }
          }
    },
  },
  {
    name: 'millrace_stream_loudness_lufs',
    help: 'Loudness of a watched stream (EBU R 128): momentary, and since the start',
    labels: ['stream', 'window'],
    *rows({ stats }) {
      for (const { transcode } of stats.reports.values())
        for (const { source, momentaryLufs, integratedLufs } of transcode.ladders) {
          if (momentaryLufs === undefined || integratedLufs === undefined) continue
          yield { labels: { stream: source, window: 'momentary' }, value: momentaryLufs }
          yield { labels: { stream: source, window: 'integrated' }, value: integratedLufs }
        }
    },
  },
  {
    name: 'millrace_stream_watched',
    help: 'Watched streams on which something lasts: silence, black or frozen pictures',
    labels: ['stream', 'what'],
    *rows({ stats }) {
      for (const { transcode } of stats.reports.values())
        for (const { source, watched } of transcode.ladders)
          for (const { what } of watched ?? []) yield { labels: { stream: source, what }, value: 1 }
    },
  },
  {
    name: 'millrace_codec_process_resident_bytes',
    help: 'Resident memory of the codec process of a ladder',
    labels: ['stream'],
    *rows({ stats }) {
      for (const { transcode } of stats.reports.values())
        for (const { source, rssBytes } of transcode.ladders) yield { labels: { stream: source }, value: rssBytes }
    },
  },
  {
    name: 'millrace_codec_lag_seconds',
    help: 'How far a codec process is behind its source',
    labels: ['stream'],
    *rows({ stats }) {
      for (const { transcode } of stats.reports.values())
        for (const { source, lagMs } of transcode.ladders) yield { labels: { stream: source }, value: lagMs / 1000 }
    },
  },
]
