import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { ConfigurationError } from '../errors.ts'
import { CONFIG, type Config } from './schema.ts'

export type ConfigSources = {
  readonly file?: string
  /** `key=value` of `--set`, in order. */
  readonly sets: readonly string[]
  /** Lowest priority: what a mode of the command line switches on. */
  readonly defaults?: Record<string, unknown>
  readonly env: Readonly<Record<string, string | undefined>>
}

type Located = { readonly value: unknown; at(path: readonly PropertyKey[]): string }

/** Reads, merges and validates. Throws ConfigurationError with source, key, expected and found. */
export async function loadConfig(sources: ConfigSources): Promise<Config> {
  const file = sources.file === undefined ? { value: {}, at: () => 'defaults' } : await readConfigFile(sources.file)
  const merged = merge(merge({}, sources.defaults ?? {}), substitute(file.value, sources.env, sources.file ?? ''))
  const setKeys = new Set<string>()
  for (const text of sources.sets) setKeys.add(applySet(merged, text))
  const result = CONFIG.safeParse(merged)
  if (result.success) return result.data
  throw toConfigurationError(result.error, merged, (path) =>
    setKeys.has(path.join('.')) || [...setKeys].some((key) => key.startsWith(`${path.join('.')}.`))
      ? '--set'
      : file.at(path),
  )
}

async function readConfigFile(file: string): Promise<Located> {
  const extension = extname(file)
  if (['.ts', '.mts', '.js', '.mjs'].includes(extension)) {
    const module = (await import(pathToFileURL(file).href)) as { default?: unknown }
    return { value: module.default ?? {}, at: () => file }
  }
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigurationError(file, '(file)', 'a readable file', (error as Error).message)
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const [problem] = document.errors
  if (problem) throw new ConfigurationError(file, '(syntax)', 'YAML or JSON', problem.message)
  const at = (path: readonly PropertyKey[]): string => {
    for (let depth = path.length; depth > 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true) as { range?: [number] } | undefined
      if (node?.range) return `${file}:${lines.linePos(node.range[0]).line}`
    }
    return file
  }
  return { value: document.toJS() ?? {}, at }
}

type Tree = Record<string, unknown>
function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
function merge(into: Tree, from: unknown): Tree {
  if (!isTree(from)) return into
  for (const [key, value] of Object.entries(from)) {
    if (key === '__proto__') continue
    const known = into[key]
    into[key] = isTree(value) ? merge(isTree(known) ? known : {}, value) : value
  }
  return into
}

/** `${NAME}` in any text of the file is taken from the environment. */
function substitute(value: unknown, env: ConfigSources['env'], file: string): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
      const found = env[name]
      if (found === undefined) throw new ConfigurationError(file, `\${${name}}`, 'a set environment variable', 'none')
      return found
    })
  }
  if (Array.isArray(value)) return value.map((item) => substitute(item, env, file))
  if (!isTree(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, substitute(item, env, file)]))
}

/** Returns the key. Values are read as YAML scalars; keys below `streams` may hold a pattern with slashes and dots. */
function applySet(tree: Tree, text: string): string {
  const equals = text.indexOf('=')
  if (equals <= 0) throw new ConfigurationError('--set', text, 'key=value', 'no "="')
  const key = text.slice(0, equals)
  const path = splitKey(key)
  const last = path.pop() ?? ''
  let at = tree
  for (const part of path) {
    const next = isTree(at[part]) ? at[part] : {}
    at[part] = next
    at = next as Tree
  }
  if (['__proto__', 'constructor', 'prototype'].includes(last))
    throw new ConfigurationError('--set', key, 'a known key', 'that')
  at[last] = parseScalar(text.slice(equals + 1))
  return key
}
function splitKey(key: string): string[] {
  if (!key.startsWith('streams.')) return key.split('.')
  const rest = key.slice('streams.'.length)
  const dot = rest.lastIndexOf('.')
  return dot < 0 ? ['streams', rest] : ['streams', rest.slice(0, dot), rest.slice(dot + 1)]
}
function parseScalar(text: string): unknown {
  const document = parseDocument(text)
  const value: unknown = document.errors.length === 0 ? document.toJS() : text
  return typeof value === 'object' && value !== null && !/^\s*[{[]/.test(text) ? text : (value ?? text)
}

function toConfigurationError(error: z.ZodError, input: Tree, at: (path: readonly PropertyKey[]) => string): Error {
  const [issue] = error.issues
  if (!issue) return error
  if (issue.code === 'unrecognized_keys') {
    const key = [...issue.path, issue.keys[0]].join('.')
    const known = knownKeys(issue.path)
    return new ConfigurationError(
      at([...issue.path, issue.keys[0] ?? '']),
      key,
      `one of: ${known.join(', ')}`,
      'an unknown key',
    )
  }
  const found = issue.path.reduce<unknown>((value, part) => (isTree(value) ? value[String(part)] : undefined), input)
  return new ConfigurationError(at(issue.path), issue.path.join('.'), expectedText(issue), describe(found))
}
function expectedText(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union') {
    return issue.errors.flatMap((branch) => branch.slice(0, 1).map((inner) => expectedText(inner))).join(' or ')
  }
  return issue.message.replace(/^(Invalid \w+|Too \w+): expected /, '').replace(/, received .*$/, '')
}
function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
function knownKeys(path: readonly PropertyKey[]): string[] {
  let schema: unknown = CONFIG
  for (const part of path) schema = shapeOf(schema)?.[String(part)]
  return Object.keys(shapeOf(schema) ?? {})
}
function shapeOf(schema: unknown): Record<string, unknown> | undefined {
  const node = schema as { shape?: Record<string, unknown>; def?: { innerType?: unknown; valueType?: unknown } }
  if (node?.shape) return node.shape
  if (node?.def?.valueType) return new Proxy({}, { get: () => node.def?.valueType })
  return node?.def?.innerType ? shapeOf(node.def.innerType) : undefined
}
