import type { Command } from 'commander'
import { numericDate } from '../clock.ts'
import { operator } from '../identity/ending.ts'
import { networkShown } from '../network.ts'
import type { Family } from '../oauth/stores.ts'
import { endOfFamily, expiresWithSession, type FamilyHistory, type LedgerEntry } from '../oauth/tokens/history.ts'
import { deviceOf } from '../user-agent.ts'
import { createGroup, type Outcome } from './answer.ts'
import { findClient } from './client.ts'
import { type Context, withStores } from './context.ts'
import { endInWords } from './family-end.ts'
import { ledger } from './ledger.ts'
import { findPerson, isUuid } from './person.ts'
import { notFound, Refusal, wrongUsage } from './refusal.ts'
import { type Cell, countedAtMost, details, table } from './table.ts'

/** RFC 7662 §2.2 and RFC 7519 for the names that they have. */
const familyJson = (family: Family) => ({
  family_id: family.id,
  client_id: family.clientId,
  sub: family.userId,
  sid: family.sessionId,
  scope: family.scope.join(' '),
  resources: family.resources,
  offline_access: family.offline,
  refreshable: family.refreshable,
  generation: family.live.generation,
  retries: family.retries,
  auth_time: numericDate(family.authTime),
  acr: family.acr,
  amr: family.amr,
  created_at: family.createdAt,
  last_used_at: family.lastUsedAt,
  idle_expires_at: family.idleExpiresAt,
  absolute_expires_at: family.absoluteExpiresAt,
  revoked_at: family.revokedAt ?? null,
  revoke_reason: family.revokeReason ?? null,
  ip: family.ip ?? null,
  user_agent: family.userAgent ?? null,
})

const pairJson = (pair: LedgerEntry) => ({
  generation: pair.generation,
  jti: pair.jti,
  iat: numericDate(pair.issuedAt),
  exp: numericDate(pair.expiresAt),
  verdict: pair.verdict,
  retries: pair.retries,
  ip: pair.ip ?? null,
  user_agent: pair.userAgent ?? null,
})

/** A family by its id or by the `jti` of an access token: `<family>.<generation>`, where that is of a person. */
const parseFamilyId = (text: string): { readonly id: string; readonly generation: number | undefined } => {
  const [id = '', generation] = text.toLowerCase().split('.')
  if (!isUuid(id) || (generation !== undefined && !/^\d{1,10}$/.test(generation)))
    throw wrongUsage('That is neither the id of a family nor a `jti` of the form <family>.<generation>.')
  return { id, generation: generation === undefined ? undefined : Number(generation) }
}

const lapses = new Map([
  ['idle', 'nobody used it for too long'],
  ['session_idle', 'its session was not used for too long, and it has no offline_access'],
  ['over', 'its time was over'],
])

const ended = (history: FamilyHistory, now: Date): { readonly at: Date; readonly why: string } | undefined => {
  const end = endOfFamily(history, now)
  return end && { at: end.at, why: lapses.get(end.reason ?? '') ?? endInWords(end.reason) }
}

const show = (context: Context) => (_: object, text: string) => {
  const { id, generation } = parseFamilyId(text)
  return withStores(context, async (stores) => {
    const found = await stores.families.show(id)
    if (!found) throw missing()
    const { family, pairs } = found
    const user = await stores.users.find(family.userId)
    const client = await stores.clients.find(family.clientId)
    const events = await stores.events.list({ familyId: id, limit: 100 })
    const end = ended(found, context.clock.now())
    const about: readonly (readonly [string, Cell])[] = [
      ['Family', family.id],
      ['Person', user ? `${user.username} (${user.id})` : family.userId],
      ['Client', client ? `${client.client_name} (${client.client_id})` : `${family.clientId} (deleted)`],
      ['Session', family.sessionId],
      ['Scope', family.scope.join(' ')],
      ['Began', family.createdAt],
      ['Last used', family.lastUsedAt],
      [
        'Expires',
        `${family.idleExpiresAt.toISOString()} unless ${expiresWithSession(found) ? 'its session is used' : 'used'}, ${family.absoluteExpiresAt.toISOString()} at last`,
      ],
      ['Retries', family.retries],
      ['State', end ? `ended ${end.at.toISOString()}: ${end.why}` : 'alive'],
    ]
    return {
      json: {
        ...familyJson(family),
        username: user?.username ?? null,
        active: end === undefined,
        pairs: pairs.map(pairJson),
        events: events.map(({ at, kind, ip, userAgent, detail }) => ({
          at,
          kind,
          ip: ip ?? null,
          user_agent: userAgent ?? null,
          detail,
        })),
      },
      text: `${details(about)}\n\n${ledger({ family, pairs, events, end, marked: generation })}`,
    }
  })
}

const missing = () =>
  notFound(
    'There is no such family: it never was, or it ended so long ago that it was forgotten. `tessera family list` names those that are alive.',
  )

type ListOptions = { readonly user?: string; readonly client?: string }

const list = (context: Context) => (options: ListOptions) =>
  withStores(context, async (stores) => {
    const userId = options.user === undefined ? undefined : (await findPerson(stores, options.user)).id
    if (options.client !== undefined) await findClient(stores, options.client)
    const filter = { userId, clientId: options.client, limit: countedAtMost }
    const families = await stores.families.list(filter, context.clock.now())
    const names = await stores.administration.usernames([...new Set(families.map(({ userId }) => userId))])
    return {
      json: {
        families: families.map((family) => ({ ...familyJson(family), username: names.get(family.userId) ?? null })),
      },
      text: table(
        ['FAMILY', 'USERNAME', 'CLIENT', 'GENERATION', 'LAST USED', 'NETWORK', 'DEVICE'],
        families.map((family) => [
          family.id,
          names.get(family.userId),
          family.clientId,
          family.live.generation,
          family.lastUsedAt,
          networkShown(family.ip),
          deviceOf(family.userAgent),
        ]),
        'No family is alive.',
      ),
    }
  })

const revoke = (context: Context) => (_: object, text: string) => {
  const { id } = parseFamilyId(text)
  return withStores(context, async ({ families, endings }) => {
    const now = context.clock.now()
    if (!(await families.find(id))) throw missing()
    // Also of one that ran out: its access token may be good still.
    const done = await endings.end({ of: 'family', id }, 'revoked_by_admin', operator, now)
    if (!done || done.families === 0) throw new Refusal('The family has ended already; `tessera family show` says why.')
    return {
      json: { family_id: id, revoked_at: now, revoke_reason: 'revoked_by_admin' },
      text: 'The family has ended.',
    }
  })
}

export const family = (command: Command, context: Context, outcome: Outcome): void => {
  const group = createGroup(command, context, outcome)
  group.command('list', 'the token families that are alive, the last used first', list(context), (leaf) =>
    leaf.option('--user <username>', 'of one person').option('--client <id>', 'of one client'),
  )
  group.command('show <id>', 'a family and every pair of its ledger, by its id or by a `jti`', show(context))
  group.command('revoke <id>', 'end a family with everything it bought', revoke(context))
}
