import type { CodecDescription } from '../codec-description.ts'

/** ITU-T G.711: 8 kHz and one channel unless the container says otherwise. The configuration is empty. */
export function describeG711(codecString: 'alaw' | 'ulaw'): CodecDescription {
  return { codecString, audio: { sampleRateHz: 8000, channelCount: 1, samplesPerFrame: 0 } }
}
