import { hashToken, newToken, sameSecret, tokenMatches } from '../platform/auth/index.ts'
import type { Config } from '../platform/config/index.ts'
import type { Catalog } from '../platform/storage/index.ts'

const SETTING = 'admin-token-sha256'

export type AdminToken = {
  matches(token: string): boolean
  /** Only when it was made just now: to be shown once. It is kept as a hash. */
  readonly fresh: string | undefined
}

/** The configured token, the one made at an earlier start, or a new one. */
export async function loadAdminToken(config: Config, catalog: Catalog): Promise<AdminToken> {
  const configured = config.api.adminToken
  if (configured !== undefined) return { matches: (token) => sameSecret(token, configured), fresh: undefined }
  const kept = await catalog.setting(SETTING)
  if (kept !== undefined) return { matches: (token) => tokenMatches(token, kept), fresh: undefined }
  const fresh = newToken()
  const hash = hashToken(fresh)
  await catalog.setSetting(SETTING, hash)
  return { matches: (token) => tokenMatches(token, hash), fresh }
}
