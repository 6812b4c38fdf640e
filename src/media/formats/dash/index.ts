export { formatMpd } from './format-mpd.ts'
export type {
  Mpd,
  MpdAdaptationSet,
  MpdNominal,
  MpdPeriod,
  MpdRepresentation,
  MpdSegmentTemplate,
  MpdTimelineEntry,
} from './mpd.ts'
