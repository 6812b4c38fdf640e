export const VIDEO_CODECS = ['h264', 'h265', 'av1', 'vp8', 'vp9'] as const
export const AUDIO_CODECS = ['aac', 'opus', 'mp3', 'ac3', 'eac3', 'flac', 'pcma', 'pcmu'] as const

export type VideoCodecId = (typeof VIDEO_CODECS)[number]
export type AudioCodecId = (typeof AUDIO_CODECS)[number]
/** One canonical form per codec: docs/codec-registry.md. */
export type CodecId = VideoCodecId | AudioCodecId
