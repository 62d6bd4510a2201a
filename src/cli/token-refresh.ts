import { earlier, numericDate } from '../clock.ts'
import type { Config } from '../config.ts'
import { createKeyDirectory } from '../keys/directory.ts'
import { retryWindow } from '../oauth/client.ts'
import { judge } from '../oauth/tokens/family.ts'
import { parseRefreshToken, type RefreshKey } from '../oauth/tokens/refresh-token.ts'
import type { Random } from '../random.ts'
import type { Opened } from './context.ts'
import { endInWords } from './family-end.ts'
import type { Inspection } from './inspection.ts'

type Deps = {
  readonly stores: Opened['stores']
  readonly config: Config
  readonly now: Date
  readonly random: Random
}

/** What would become of it if it were presented now; nothing is. */
export const inspectRefreshToken = async (token: string, deps: Deps): Promise<Inspection> => {
  const { stores, now } = deps
  const parsed = parseRefreshToken(token, await keysOf(deps))
  const found = (problems: readonly string[], claims: Inspection['claims'] = {}): Inspection => ({
    kind: 'refresh_token',
    problems,
    header: undefined,
    claims,
  })
  if (!parsed)
    return found([
      'This server did not mint it with any key it has: it was cut or changed, is forged, or its key was replaced.',
    ])

  const family = await stores.families.find(parsed.familyId)
  const about = { family_id: parsed.familyId, generation: parsed.generation }
  if (!family) return found(['Its family is unknown: it ended so long ago that it was forgotten.'], about)
  const client = await stores.clients.find(family.clientId)
  const expiresAt = earlier(family.idleExpiresAt, family.absoluteExpiresAt)
  const claims = {
    ...about,
    live_generation: family.live.generation,
    sub: family.userId,
    client_id: family.clientId,
    sid: family.sessionId,
    scope: family.scope.join(' '),
    iat: numericDate(family.live.issuedAt),
    exp: numericDate(expiresAt),
  }
  if (!client) return found(['Its client was deleted.'], claims)
  const { jkt, cookieBound } = family
  const { is } = judge(
    family,
    {
      generation: parsed.generation,
      clientId: client.client_id,
      jkt,
      cookieBound,
      scope: undefined,
      resources: undefined,
      half: undefined,
      origin: family,
    },
    client,
    now,
  )
  switch (is) {
    case 'live':
      return found([], claims)
    case 'retried':
      return found(
        [
          `It was exchanged already. Until ${retryWindow(client, family)} seconds after that, presenting it again gets the same pair once more.`,
        ],
        claims,
      )
    case 'revoked':
      return found(
        [`Its family ended at ${family.revokedAt?.toISOString()}: ${endInWords(family.revokeReason)}.`],
        claims,
      )
    case 'early_refresh':
      return found(
        ['Its access token has most of its life left. Presenting it now would end the whole family.'],
        claims,
      )
    case 'expired':
      return found([`It expired at ${expiresAt.toISOString()}.`], claims)
    case 'ahead':
      return found(['It is newer than what the database knows: was a backup restored?'], claims)
    case 'stale':
    case 'replayed':
      return found(
        ['It was exchanged before, and is too late for a retry. Presenting it would end the whole family.'],
        claims,
      )
    default:
      return found(['No refresh token was issued in its family.'], claims)
  }
}

const keysOf = async ({ stores, config, random }: Deps): Promise<(id: string) => RefreshKey | undefined> => {
  const directory = createKeyDirectory({ path: config.keysDir, passphrase: config.keyPassphrase, random })
  const keys = new Map<string, RefreshKey>()
  for (const { id } of await stores.refreshKeys.list()) {
    const secret = await directory.refreshKey(id)
    if (secret) keys.set(id, { id, secret })
  }
  return (id) => keys.get(id)
}
