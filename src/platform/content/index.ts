export { chooseEncoding, isKnownToClient } from './conditional.ts'
export { LIST_ENCODINGS, type ListEncoding, ListText, ListTexts } from './list-text.ts'
