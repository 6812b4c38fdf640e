/** Bytes from hexadecimal text; blanks are left out. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'))
}

/** Real parameter sets and frame headers, cut from streams of FFmpeg's encoders and the project's clips. */
export const SAMPLES = {
  /** x264, High, 320x180, 25 frames a second. */
  h264Sps: hex('67 64 00 0c ac d9 41 41 9f 9f 01 10 00 00 03 00 10 00 00 03 03 20 f1 42 99 60'),
  h264Pps: hex('68 ef 8f cb'),
  /** x264, High, 720x720, with a time scale that means nothing. */
  h264SpsClip: hex('67 64 00 20 ac d9 00 b4 16 ec 05 a8 48 90 4a 00 00 03 00 02 a8 3a 68 00 1e 30 63 2c'),
  h264PpsClip: hex('68 ea ec b2 2c'),
  h264Config: hex(`01 64 00 0c ff e1 00 1a 67 64 00 0c ac d9 41 41 9f 9f 01 10 00 00 03 00 10 00 00 03 03 20
    f1 42 99 60 01 00 04 68 ef 8f cb fd f8 f8 00`),
  /** x265, Main, 320x180, 25 frames a second. */
  h265Config: hex(`0101600000009000000000003cf000fcfdf8f800000f03a00001001840010c01ffff01600000030090000003000003003c95
    9409a10001002b42010101600000030090000003000003003ca00a080c1f3e595952930bc05a020000030002000003003210
    a2000100064401c073c189`),
  /** SVT-AV1, Main, 320x180. */
  av1Sequence: hex('0a 0b 00 00 00 04 3c fe cc fb f9 00 40'),
  av1Config: hex('81 00 0c 00 0a 0b 00 00 00 04 3c fe cc fb f9 00 40'),
  adts: hex('ff f1 4c 80 01 1f fc 21 11'),
  aacLc44100Stereo: hex('12 10'),
  heAacHierarchical: hex('2b 92 08 00'),
  heAacV2Hierarchical: hex('eb 8a 08 00'),
  /** AAC-LC 22,050 Hz mono with backward-compatible SBR to 44,100 Hz. */
  heAacCompatible: hex('13 88 56 e5 a0'),
  opusHead: hex('4f 70 75 73 48 65 61 64 01 02 38 01 80 bb 00 00 00 00 00'),
  mp3: hex('ff fb 50 c4 00 00 0a 2c'),
  ac3: hex('0b 77 1e f8 4c 40 2f 84 2b e1 87 7b'),
  ac3Config: hex('50 08 c0'),
  eac3: hex('0b 77 03 ce 7f 87 c0 00 20 80 20 00'),
  eac3Config: hex('0e 00 60 0f 00'),
  vp8: hex('10 02 00 9d 01 2a 40 01 b4 00 07 08'),
  vp9: hex('82 49 83 42 00 13 f0 0b 30 00'),
  flac: hex('80 00 00 22 10 00 10 00 00 00 00 00 00 00 0a c4 42 f0 00 00 00 00 00000000000000000000000000000000'),
  flacFrame: hex('ff f8 c9 18 00 c2'),
} as const
