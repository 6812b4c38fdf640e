export { formatMpd } from './format-mpd.ts'
export type {
  Mpd,
  MpdAdaptationSet,
  MpdPeriod,
  MpdRepresentation,
  MpdSegmentTemplate,
  MpdTimelineEntry,
} from './mpd.ts'
