import type { z } from 'zod'
import { MalformedInputError } from '../../media/errors.ts'
import { profileNames, resolveStreamSettings, streamNameProblem } from '../../platform/config/index.ts'
import type { AssetJob } from '../assets/asset-jobs.ts'
import type { ApiContext } from './api-context.ts'
import type { ApiRoute } from './api-route.ts'
import { ASSET, ASSETS } from './schemas.ts'

/** Uploaded files that become recordings. */
export const ASSET_ROUTES: readonly ApiRoute[] = [
  {
    method: 'POST',
    path: '/assets',
    summary: 'Upload a film: the body is the file, `?name=` what it is called, `?profiles=720p,480p` what it becomes',
    access: 'admin',
    answer: ASSET,
    handle: async (context, { query, body }) => {
      const name = readName(query.name)
      return assetView(context, await context.assets.add(name, readProfiles(context, name, query.profiles), body))
    },
  },
  {
    method: 'GET',
    path: '/assets',
    summary: 'Uploaded films and how far they are',
    access: 'anyone',
    answer: ASSETS,
    handle: async (context) => ({ assets: context.assets.jobs.map((job) => assetView(context, job)) }),
  },
  {
    method: 'GET',
    path: '/assets/*',
    summary: 'One uploaded film',
    access: 'anyone',
    answer: ASSET,
    handle: async (context, { wildcard }) => assetView(context, context.assets.job(wildcard)),
  },
]

/** Where the configuration gives the name no ladder. */
const DEFAULT_PROFILES = ['720p', '480p']

function readName(name = ''): string {
  const problem = streamNameProblem(`assets/${name}`)
  if (problem) throw new MalformedInputError('name', 0, problem)
  return `assets/${name}`
}
function readProfiles({ config }: ApiContext, stream: string, profiles: string | undefined): string[] {
  const { ladder } = resolveStreamSettings(config, stream)
  const names = profiles?.split(',') ?? (ladder.length > 0 ? [...ladder] : DEFAULT_PROFILES)
  const known = profileNames(config.profiles)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new MalformedInputError('profiles', 0, `"${unknown}" is none of ${known.join(', ')}`)
  return names
}

function assetView({ stats }: ApiContext, job: AssetJob): z.input<typeof ASSET> {
  const { id, name, profiles, state, attempt, progress, problem, warning, recordingId } = job
  const heldBecause = state === 'transcoding' ? stats.offlineHeld : undefined
  return {
    id,
    name,
    profiles: [...profiles],
    state,
    ...(attempt > 1 ? { attempt } : {}),
    progress,
    ...(problem === undefined ? {} : { problem }),
    ...(heldBecause === undefined ? {} : { heldBecause }),
    ...(warning === undefined ? {} : { warning }),
    ...(recordingId === undefined
      ? {}
      : { recordingId, hlsUrl: `/vod/${recordingId}/index.m3u8`, mp4Url: `/vod/${recordingId}.mp4` }),
  }
}
