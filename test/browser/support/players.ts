/**
 * What runs in the page, as text: each player is started on `url` and answers `latency()` in seconds. All write into
 * `window.watched`: errors, stalls after the first picture, and samples of the latency.
 */
export type PlayerName = 'hls' | 'shaka' | 'dash'

export type PlayedForm = {
  readonly name: string
  readonly player: PlayerName
  readonly file: string
  readonly mode: 'low' | 'normal'
  /** It has to pass over holes, which its list names or a publisher that was away has left, and says so. */
  readonly gaps?: 'expected'
}

export const LOW_LATENCY: readonly PlayedForm[] = [
  { name: 'LL-HLS', player: 'hls', file: 'index.m3u8', mode: 'low' },
  { name: 'LL-DASH', player: 'dash', file: 'manifest.mpd?template=number', mode: 'low' },
  { name: 'LL-HLS', player: 'shaka', file: 'index.m3u8', mode: 'low' },
  { name: 'LL-DASH', player: 'shaka', file: 'manifest.mpd?template=number', mode: 'low' },
]

/**
 * The server as players that watch at the same time see it: a browser has six connections to a host, and a player with
 * low latency keeps four of them waiting.
 */
export function hostOf(player: number): string {
  return `127.0.0.${1 + player}`
}

/** The picture stood still, after it had begun and not for a seek. */
export type Stall = {
  readonly atSeconds: number
  /** What the player has buffered behind that without a hole. */
  readonly aheadSeconds: number
  /** Until it went on, or until now. */
  readonly lastedMs: number
}

export type Watched = {
  /** Of any severity; those that end it begin with `fatal`. */
  readonly errors: readonly string[]
  readonly stalls: readonly Stall[]
  readonly latencies: readonly number[]
  readonly playedSeconds: number
  readonly frameCount: number
  /** Heights of the pictures, one after the other where they changed. */
  readonly heights: readonly number[]
}

export const WATCH = `
  const video = document.querySelector('video')
  const state = { errors: [], stalls: [], latencies: [], heights: [], started: undefined }
  window.watchedState = state
  let latency = () => undefined
  const ahead = () => {
    let end = video.currentTime
    for (let at = 0; at < video.buffered.length; at++)
      if (video.buffered.start(at) <= end + 0.01 && video.buffered.end(at) > end) end = video.buffered.end(at)
    return end - video.currentTime
  }
  video.addEventListener('playing', () => {
    state.started ??= video.currentTime
    if (state.stalls.length > 0) state.stalls.at(-1).untilMs ??= performance.now()
  })
  video.addEventListener('waiting', () => {
    if (state.started === undefined || video.seeking || video.ended) return
    state.stalls.push({ atSeconds: video.currentTime, aheadSeconds: ahead(), sinceMs: performance.now() })
  })
  video.addEventListener('error', () => state.errors.push('fatal media: ' + video.error?.message))
  video.addEventListener('resize', () => state.heights.push(video.videoHeight))
  setInterval(() => {
    const seconds = latency()
    if (state.started !== undefined && Number.isFinite(seconds) && !video.paused) state.latencies.push(seconds)
  }, 100)
  window.watched = () => ({
    errors: state.errors, latencies: state.latencies, heights: state.heights,
    stalls: state.stalls.map(({ atSeconds, aheadSeconds, sinceMs, untilMs }) =>
      ({ atSeconds, aheadSeconds, lastedMs: Math.round((untilMs ?? performance.now()) - sinceMs) })),
    playedSeconds: state.started === undefined ? 0 : video.currentTime - state.started,
    frameCount: video.getVideoPlaybackQuality().totalVideoFrames,
  })
`

/** `low`: as close to the live edge as the player can. */
export const START: Readonly<Record<PlayerName, (url: string, mode: 'low' | 'normal') => string>> = {
  hls: (url, mode) => `
    const hls = new Hls({ lowLatencyMode: ${mode === 'low'}, enableWorker: false, maxLiveSyncPlaybackRate: 1.1 })
    window.player = hls
    hls.on(Hls.Events.ERROR, (_, data) => state.errors.push((data.fatal ? 'fatal ' : '') + data.details + ' ' + (data.error?.message ?? '')))
    hls.loadSource('${url}')
    hls.attachMedia(video)
    latency = () => hls.playingDate ? (Date.now() - hls.playingDate.getTime()) / 1000 : undefined
    video.play().catch(() => {})
  `,
  shaka: (url, mode) => `
    shaka.polyfill.installAll()
    const told = ({ code, data, message }) => [code, ...(data ?? []).slice(0, 2), message].join(' ')
    const player = new shaka.Player()
    window.player = player
    // How severe an error is, it decides behind the event: in a live stream it tries most again.
    player.addEventListener('error', ({ detail }) => setTimeout(() => {
      state.errors.push((detail.severity === shaka.util.Error.Severity.RECOVERABLE ? '' : 'fatal ') + 'shaka ' + told(detail))
    }))
    ${mode === 'low' ? 'player.configure({ manifest: { defaultPresentationDelay: 0.6 }, streaming: { lowLatencyMode: true, liveSync: { enabled: true, targetLatency: 0.1, targetLatencyTolerance: 0.1 } } })' : "player.configure('streaming.lowLatencyMode', false)"}
    player.attach(video).then(() => player.load('${url}')).then(() => { ${mode === 'low' ? 'player.goToLive()' : ''}; return video.play() }).catch((error) => state.errors.push('fatal shaka ' + told(error)))
    latency = () => player.isLive() && player.getPlayheadTimeAsDate() ? (Date.now() - player.getPlayheadTimeAsDate().getTime()) / 1000 : undefined
  `,
  dash: (url, mode) => `
    const player = dashjs.MediaPlayer().create()
    window.player = player
    player.updateSettings({ debug: { logLevel: 0 }, streaming: { ${mode === 'low' ? 'delay: { liveDelay: 1 }, liveCatchup: { enabled: true, maxDrift: 0.5, playbackRate: { min: -0.1, max: 0.2 } },' : ''} } })
    player.on('error', ({ error }) => state.errors.push('fatal dash ' + (error?.code ?? '') + ' ' + (error?.message ?? error)))
    player.initialize(video, '${url}', true)
    latency = () => player.isDynamic() ? player.getCurrentLiveLatency() : undefined
  `,
}

/** Takes the quality of a height, in each player's words. */
const CHOOSE: Readonly<Record<PlayerName, (height: number) => string>> = {
  hls: (height) => `player.loadLevel = player.levels.findIndex((level) => level.height === ${height})`,
  shaka: (height) => `
    player.configure('abr.enabled', false)
    player.selectVariantTrack(player.getVariantTracks().find((track) => track.height === ${height}), true)`,
  dash: (height) => `
    player.updateSettings({ streaming: { abr: { autoSwitchBitrate: { video: false } } } })
    player.setRepresentationForTypeByIndex('video',
      player.getRepresentationsByType('video').findIndex((each) => each.height === ${height}))`,
}

/** Takes the quality of a height, and keeps to it. */
export function chooseHeight(player: PlayerName, height: number): string {
  return CHOOSE[player](height)
}
