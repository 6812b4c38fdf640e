export {
  AmfDate,
  AmfEcmaArray,
  type AmfLimits,
  type AmfRecord,
  AmfTypedObject,
  type AmfValue,
  amfField,
  amfNumber,
  amfRecord,
  amfString,
  DEFAULT_AMF_LIMITS,
} from './amf-value.ts'
export { Amf0Context, readAmf0, readAmf0Values, writeAmf0, writeAmf0Values } from './amf0.ts'
export { Amf3Context, readAmf3 } from './amf3.ts'
