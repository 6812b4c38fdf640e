import type { HlsVariant } from '../../../../media/formats/hls/index.ts'
import { codecStringsOf } from '../../../packaging/index.ts'
import { RENDITION_TRACKS } from '../../../stream/index.ts'
import { measureBitRates } from '../bit-rates.ts'
import { isListable, type LadderTrack, type PlannedMember, plannedPeakBps } from '../ladder.ts'
import { trackPlaylistUri } from '../segment-address.ts'

/** Renditions that do not run, by what is planned. Those with video play the sound of the stream itself. */
export function plannedVariants(
  planned: readonly PlannedMember[],
  audio: readonly LadderTrack[],
  audioGroup: string,
): HlsVariant[] {
  const rates = audio.map(({ track }) => measureBitRates(track))
  const peakBps = Math.max(0, ...rates.map((rate) => rate.peakBps))
  const meanBps = Math.max(0, ...rates.map((rate) => rate.meanBps))
  return planned.flatMap(({ prefix, rung: { video, audio: sound } }): HlsVariant[] => {
    if (!video) return sound && isListable(sound.codec) ? [soundVariant(prefix, sound)] : []
    const { widthPx, heightPx, frameRate, codecString, bitsPerSecond } = video
    const codecs = [codecString, ...audio.flatMap(({ track }) => codecStringsOf(track))]
    return [
      {
        uri: prefix + trackPlaylistUri(RENDITION_TRACKS.video),
        bandwidthBps: plannedPeakBps(bitsPerSecond) + peakBps,
        averageBandwidthBps: bitsPerSecond + meanBps,
        codecs,
        ...(widthPx > 0 ? { resolution: { widthPx, heightPx } } : {}),
        ...(frameRate === undefined ? {} : { frameRate }),
        ...(audio.length > 0 ? { audioGroup } : {}),
      },
    ]
  })
}

function soundVariant(
  prefix: string,
  { codecString, bitsPerSecond }: NonNullable<PlannedMember['rung']['audio']>,
): HlsVariant {
  return {
    uri: prefix + trackPlaylistUri(RENDITION_TRACKS.audio),
    bandwidthBps: plannedPeakBps(bitsPerSecond),
    averageBandwidthBps: bitsPerSecond,
    codecs: [codecString],
  }
}
