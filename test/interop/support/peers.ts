import type { TestServer } from '../../support/server.ts'
import { Command, type Outcome, run } from './command.ts'
import { until } from './polling.ts'

/** Frames that a player must have had before it is believed. */
export const ENOUGH_FRAMES = 40

type StreamView = { readonly state?: string; readonly tracks?: readonly { readonly codec: string }[] }

/** Resolves when the API shows the stream with so many tracks: every worker knows it then. */
export async function untilLive(server: TestServer, stream: string, trackCount: number): Promise<void> {
  await until(`${stream} with ${trackCount} tracks`, async () => {
    const { tracks } = await server.json<StreamView>(`api/v1/streams/${stream}`)
    return tracks?.length === trackCount ? true : undefined
  })
}

/** FFmpeg's command, publishing a file in real time, over and over. */
export function ffmpegPublishes(file: string, url: string): Command {
  const quiet = ['-hide_banner', '-loglevel', 'error', '-nostdin']
  return new Command('ffmpeg', [...quiet, '-re', '-stream_loop', '-1', '-i', file, '-c', 'copy', '-f', 'flv', url])
}

/** Two seconds of `url` by FFmpeg's command: packets of each stream, and what it complained about. */
export async function ffmpegPlays(
  url: string,
): Promise<{ readonly counts: readonly number[]; readonly stderr: string }> {
  const args = [
    '-hide_banner',
    '-loglevel',
    'error',
    '-nostdin',
    '-i',
    url,
    '-t',
    '2',
    // Everything that it finds: nothing but picture and sound may be there.
    '-map',
    '0',
    '-c',
    'copy',
  ]
  const { stdout, stderr } = await run('ffmpeg', [...args, '-f', 'framemd5', '-'])
  const streams = stdout.split('\n').flatMap((line) => /^(\d+),/.exec(line)?.[1] ?? [])
  return { counts: [...new Set(streams)].map((stream) => streams.filter((each) => each === stream).length), stderr }
}

const GST_PICTURE =
  'videotestsrc is-live=true ! video/x-raw,width=320,height=180,framerate=25/1 ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! h264parse'
const GST_TONE = 'audiotestsrc is-live=true ! audio/x-raw,rate=44100,channels=2 ! audioconvert ! voaacenc ! aacparse'

/** `sink` without its location: `rtmp2sink` or librtmp's `rtmpsink`. */
export function gstreamerPublishes(sink: 'rtmp2sink' | 'rtmpsink', url: string): Command {
  const location = sink === 'rtmpsink' ? `"${url} live=1"` : url
  return gst(`flvmux streamable=true name=mux ! ${sink} location=${location} ${GST_PICTURE} ! mux. ${GST_TONE} ! mux.`)
}

/** Ends by itself, with 0, after enough buffers of video. */
export function gstreamerPlays(source: string): Promise<Outcome> {
  return run('timeout', [
    '60',
    'gst-launch-1.0',
    '-q',
    ...words(`${source} ! identity eos-after=${ENOUGH_FRAMES} ! fakesink`),
  ])
}

/** Its dashdemux2 shows nothing of a live stream before it has buffered 30 s. */
const BUFFER_LESS = 'urisourcebin0::dashdemux2-0::max-buffering-time=2000000000'

/** Pictures that GStreamer shows of `uri`, NV12, MD5 each, sorted. `enough`: it leaves after about so many. */
export async function gstreamerPictures(uri: string, enough?: number): Promise<string[]> {
  const leave = enough === undefined ? '' : `! identity eos-after=${enough}`
  const shown = `video/x-raw ! videoconvert ! video/x-raw,format=NV12 ${leave} ! checksumsink hash=md5 sync=false`
  const pipeline = words(`uridecodebin3 uri=${uri} ${BUFFER_LESS} ! ${shown}`)
  const { code, stdout, stderr } = await run('timeout', ['60', 'gst-launch-1.0', '-q', ...pipeline])
  if (code !== 0) throw new Error(`GStreamer ended with ${code}: ${stderr}`)
  return stdout
    .split('\n')
    .flatMap((line) => /^[\d:.]+ ([\da-f]{32})$/.exec(line)?.[1] ?? [])
    .sort()
}

/** The same by FFmpeg, of a file. */
export async function ffmpegPictures(path: string): Promise<string[]> {
  const { stdout } = await run('ffmpeg', [
    '-v',
    'error',
    '-nostdin',
    '-i',
    path,
    '-map',
    '0:v',
    '-pix_fmt',
    'nv12',
    ...HASHES,
  ])
  return hashesIn(stdout).sort()
}

/** The first packets of a live stream's video or audio by FFmpeg, MD5 each. */
export async function ffmpegPackets(url: string, kind: 'v' | 'a', count: number): Promise<string[]> {
  const wanted = ['-map', `0:${kind}`, `-frames:${kind}`, String(count), '-c', 'copy']
  const { stdout } = await run('timeout', ['60', 'ffmpeg', '-v', 'error', '-nostdin', '-i', url, ...wanted, ...HASHES])
  return hashesIn(stdout)
}

const HASHES = ['-f', 'framemd5', '-'] as const

function hashesIn(text: string): string[] {
  return text.split('\n').flatMap((line) => (/^\d/.test(line) ? [line.split(',').at(-1)?.trim() ?? ''] : []))
}

function gst(pipeline: string): Command {
  return new Command('gst-launch-1.0', ['-q', ...words(pipeline)])
}
/** Words with spaces stand in double quotes. */
function words(text: string): string[] {
  return [...text.matchAll(/[^\s"]*"([^"]*)"|\S+/g)].map(([word]) => word.replaceAll('"', ''))
}
