// Writes docs/configuration.md and docs/configuration.schema.json from the one schema of the configuration.
import { writeFileSync } from 'node:fs'
import { configurationReference, configurationSchema } from '../src/platform/config/reference.ts'

writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationReference())
writeFileSync(new URL('../docs/configuration.schema.json', import.meta.url), configurationSchema())
