import { z } from 'zod'
import { CONFIG } from './schema.ts'

type JsonSchema = {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly JsonSchema[]
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
}

/** JSON Schema of the configuration file, for editors. */
export function configurationSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(CONFIG, { io: 'input' }), null, 2)}\n`
}

/** The reference page: every key with its default, its values and what it does. */
export function configurationReference(): string {
  const root = z.toJSONSchema(CONFIG, { io: 'input' }) as JsonSchema
  const lines = [
    '# Configuration',
    '',
    'Generated from the schema by `node scripts/config-reference.ts`; a test keeps it up to date.',
    '',
    'A file (`--config millrace.yaml`; YAML, JSON or TypeScript) and `--set key=value` take the same keys. Unknown keys',
    'and bad values are refused with the place, the key, what was expected and what was found. `${NAME}` in a text of the',
    'file is taken from the environment. `configuration.schema.json` beside this page is for editors.',
    '',
    '| key | default | values | what it does |',
    '|---|---|---|---|',
    ...rows('', root),
    '',
  ]
  return lines.join('\n')
}

/** What stands for the names that an operator chooses. */
const PLACES: Readonly<Record<string, string>> = { streams: '"PATTERN"' }

function rows(prefix: string, schema: JsonSchema): string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const key = prefix === '' ? name : `${prefix}.${name}`
    if (child.properties) return rows(key, child)
    if (typeof child.additionalProperties === 'object')
      return rows(`${key}.${PLACES[key] ?? 'NAME'}`, child.additionalProperties)
    return [`| \`${key}\` | ${code(child.default)} | ${values(child)} | ${child.description ?? ''} |`]
  })
  return own
}

function code(value: unknown): string {
  return value === undefined ? '' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}
function values(schema: JsonSchema): string {
  if (schema.const !== undefined) return code(schema.const)
  if (schema.enum) return schema.enum.map(code).join(', ')
  if (schema.anyOf) return schema.anyOf.map(values).join(', ')
  const { type = '', minimum, maximum } = schema
  const isBounded = minimum !== undefined && maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER
  if (isBounded) return `${type} ${minimum}–${maximum}`
  return minimum !== undefined ? `${type} ≥ ${minimum}` : type
}
