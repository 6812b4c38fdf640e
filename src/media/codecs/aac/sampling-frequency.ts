/** samplingFrequencyIndex. ISO/IEC 14496-3, table 1.18. */
export const SAMPLING_FREQUENCIES_HZ: readonly number[] = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
]
/** channelConfiguration to channels; 0 where a program_config_element says it. ISO/IEC 14496-3, table 1.19. */
export const CHANNEL_COUNTS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8]
