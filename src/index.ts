import { type MillraceServer, startServer } from './app/server.ts'
import { loadConfig } from './platform/config/load-config.ts'
import type { ConfigInput } from './platform/config/schema.ts'
import { openLogOutput } from './platform/telemetry/index.ts'

export type { MillraceServer } from './app/server.ts'
export type { BoundListener } from './app/worker-messages.ts'
export { MillraceError } from './media/errors.ts'
export type { ConfigInput } from './platform/config/schema.ts'
export { AccessDeniedError, ConfigurationError, UnavailableError } from './platform/errors.ts'

/** Gives a TypeScript configuration file its types: `export default defineConfig({ http: { port: 9000 } })`. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config
}

/**
 * Starts a server in this process. Absent keys have their defaults (docs/configuration.md); port 0 means any free port.
 * Resolves when every listener accepts; `addresses` says where. Rejects with ConfigurationError or UnavailableError.
 */
export async function start(config: ConfigInput = {}): Promise<MillraceServer> {
  const checked = await loadConfig({ sets: [], defaults: config, env: process.env })
  return await startServer({ config: checked, writeLog: await openLogOutput(checked.log) })
}
