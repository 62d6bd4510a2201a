import type { Command } from 'commander'
import { numericDate } from '../clock.ts'
import type { Session } from '../identity/stores.ts'
import { deviceOf } from '../user-agent.ts'
import { createGroup, type Outcome } from './answer.ts'
import { type Context, type Opened, withStores } from './context.ts'
import { networkShown } from './origin.ts'
import { findPerson, isUuid, standingOf } from './person.ts'
import { notFound, Refusal, wrongUsage } from './refusal.ts'
import { counted, countedAtMost, table } from './table.ts'

type UserOption = { readonly user?: string }

/** OIDC Core §2 for the names that it has. */
const sessionJson = (session: Session, username: string | undefined) => ({
  sid: session.id,
  sub: session.userId,
  username: username ?? null,
  auth_time: numericDate(session.authenticatedAt),
  acr: session.acr,
  amr: session.amr,
  created_at: session.createdAt,
  last_used_at: session.lastUsedAt,
  idle_expires_at: session.idleExpiresAt,
  absolute_expires_at: session.absoluteExpiresAt,
  ip: session.ip ?? null,
  user_agent: session.userAgent ?? null,
})

const namesOf = async ({ users }: Pick<Opened['stores'], 'users'>, ids: readonly string[]) => {
  const names = new Map<string, string>()
  for (const id of new Set(ids)) names.set(id, (await users.find(id))?.username ?? id)
  return names
}

const list = (context: Context) => (options: UserOption) =>
  withStores(context, async (stores) => {
    const userId = options.user === undefined ? undefined : (await findPerson(stores, options.user)).id
    const sessions = await stores.sessions.list({ userId, limit: countedAtMost }, context.clock.now())
    const names = await namesOf(
      stores,
      sessions.map((session) => session.userId),
    )
    return {
      json: { sessions: sessions.map((session) => sessionJson(session, names.get(session.userId))) },
      text: table(
        ['SID', 'USERNAME', 'LAST USED', 'EXPIRES', 'NETWORK', 'DEVICE'],
        sessions.map((session) => [
          session.id,
          names.get(session.userId),
          session.lastUsedAt,
          session.idleExpiresAt < session.absoluteExpiresAt ? session.idleExpiresAt : session.absoluteExpiresAt,
          networkShown(session.ip),
          deviceOf(session.userAgent),
        ]),
        'Nobody is logged in.',
      ),
    }
  })

type RevokeOptions = UserOption & { readonly yes?: true }

const revoke = (context: Context) => (options: RevokeOptions, id: string) => {
  if ((id === '') === (options.user === undefined))
    throw wrongUsage('Name one session by its id, or a person by --user.')
  return options.user === undefined ? revokeOne(context, id) : revokeAll(context, options.user, options)
}

const revokeOne = (context: Context, id: string) =>
  withStores(context, async (stores) => {
    const now = context.clock.now()
    const sessionId = id.toLowerCase()
    const families = isUuid(id) ? await familiesEndedBy(stores, { sessionId }, now) : { ended: 0, offline: 0 }
    if (!isUuid(id) || !(await stores.sessions.end(sessionId, 'revoked_by_admin', now)))
      throw notFound(
        'There is no session of that id, or it has ended. `tessera session list` names those that are alive.',
      )
    return {
      json: { sid: sessionId, ended: { sessions: 1, families: families.ended } },
      text: `The session has ended, and ${familiesText(families.ended)} with it.${offlineText(families.offline)}`,
    }
  })

const revokeAll = (context: Context, name: string, { yes }: RevokeOptions) =>
  withStores(context, async (stores) => {
    const person = await findPerson(stores, name)
    const now = context.clock.now()
    const standing = await standingOf(stores, person.id, now)
    if (standing.sessions === 0) throw notFound(`${person.username} has no session.`)
    const families = await familiesEndedBy(stores, { userId: person.id }, now)
    const what = `${counted(standing.sessions, 'session', 'sessions')} of ${person.username} and ${familiesText(families.ended)}`
    if (!yes)
      throw new Refusal(
        `This would end ${what}.${offlineText(families.offline)} Nothing was changed; add --yes to do it.`,
        'confirmation_required',
      )
    let sessions = 0
    for (;;) {
      const page = await stores.sessions.list({ userId: person.id, limit: 500 }, now)
      if (page.length === 0) break
      for (const session of page) if (await stores.sessions.end(session.id, 'revoked_by_admin', now)) sessions++
    }
    return {
      json: { sub: person.id, username: person.username, ended: { sessions, families: families.ended } },
      text: `Ended ${what}.${offlineText(families.offline)}`,
    }
  })

/** A family with offline_access outlives its session. */
const familiesEndedBy = async (
  { families }: Pick<Opened['stores'], 'families'>,
  filter: { readonly sessionId?: string; readonly userId?: string },
  now: Date,
) => {
  const alive = await families.list({ ...filter, limit: countedAtMost + 1 }, now)
  const offline = alive.filter((family) => family.offline).length
  return { ended: alive.length - offline, offline }
}
const familiesText = (count: number): string => counted(count, 'token family', 'token families')
const offlineText = (count: number): string =>
  count === 0
    ? ''
    : ` With offline_access ${familiesText(count)} ${count === 1 ? 'lives' : 'live'} on: \`tessera family revoke\` ends one.`

export const session = (command: Command, context: Context, outcome: Outcome): void => {
  const group = createGroup(command, context, outcome)
  group.command('list', 'the sessions that are alive, the last used first', list(context), (leaf) =>
    leaf.option('--user <username>', 'of one person'),
  )
  group.command('revoke [id]', 'end a session and the token families in it', revoke(context), (leaf) =>
    leaf.option('--user <username>', 'every session of a person').option('--yes', 'do it'),
  )
}
