import type { Command } from 'commander'
import { earlier, numericDate } from '../clock.ts'
import { operator } from '../identity/ending.ts'
import type { Session } from '../identity/stores.ts'
import { networkShown } from '../network.ts'
import { deviceOf } from '../user-agent.ts'
import { createGroup, type Outcome } from './answer.ts'
import type { Confirmation } from './confirmation.ts'
import { type Context, withStores } from './context.ts'
import { findPerson, isUuid } from './person.ts'
import { notFound, wrongUsage } from './refusal.ts'
import { endedText, ofPerson, revoked } from './revoke.ts'
import { countedAtMost, table } from './table.ts'

type UserOption = { readonly user?: string }

/** OIDC Core §2 for the names that it has. */
const sessionJson = (session: Session, username: string) => ({
  sid: session.id,
  sub: session.userId,
  username,
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

const list = (context: Context) => (options: UserOption) =>
  withStores(context, async (stores) => {
    const userId = options.user === undefined ? undefined : (await findPerson(stores, options.user)).id
    const sessions = await stores.sessions.list({ userId, limit: countedAtMost }, context.clock.now())
    const names = await stores.administration.usernames([...new Set(sessions.map((session) => session.userId))])
    const nameOf = (session: Session) => names.get(session.userId) ?? session.userId
    return {
      json: { sessions: sessions.map((session) => sessionJson(session, nameOf(session))) },
      text: table(
        ['SID', 'USERNAME', 'LAST USED', 'EXPIRES', 'NETWORK', 'DEVICE'],
        sessions.map((session) => [
          session.id,
          nameOf(session),
          session.lastUsedAt,
          earlier(session.idleExpiresAt, session.absoluteExpiresAt),
          networkShown(session.ip),
          deviceOf(session.userAgent),
        ]),
        'Nobody is logged in.',
      ),
    }
  })

const revoke = (context: Context) => (options: UserOption & Confirmation, id: string) => {
  if ((id === '') === (options.user === undefined))
    throw wrongUsage('Name one session by its id, or a person by --user.')
  return options.user === undefined ? revokeOne(context, id) : revokeAll(context, options.user, options)
}

const revokeOne = (context: Context, id: string) =>
  withStores(context, async (stores) => {
    const now = context.clock.now()
    const target = { of: 'session', id: id.toLowerCase() } as const
    const ends = isUuid(id) ? await stores.endings.preview(target, now) : undefined
    const isAlive = ends !== undefined && ends.sessions + ends.families + ends.codes > 0
    const ended = isAlive ? await stores.endings.end(target, 'revoked_by_admin', operator, now) : undefined
    if (!ended)
      throw notFound(
        'There is no session of that id, or it has ended. `tessera session list` names those that are alive.',
      )
    return { json: { sid: target.id, ended }, text: `Ended ${endedText(ended)}.` }
  })

/** A device that is signed out keeps nothing: what was granted with offline_access ends too. */
const revokeAll = (context: Context, name: string, options: Confirmation) =>
  withStores(context, async (stores) => {
    const named = await ofPerson(stores, name)
    const { sessions, families, codes } = await stores.endings.preview(named.target, context.clock.now())
    if (sessions + families + codes === 0) throw notFound(`${named.name} has no session.`)
    return revoked(context, stores, named, options)
  })

export const session = (command: Command, context: Context, outcome: Outcome): void => {
  const group = createGroup(command, context, outcome)
  group.command('list', 'the sessions that are alive, the last used first', list(context), (leaf) =>
    leaf.option('--user <username>', 'of one person'),
  )
  group.command('revoke [id]', 'end a session with everything on that device', revoke(context), (leaf) =>
    leaf.option('--user <username>', 'everything of a person').option('--yes', 'do it without asking'),
  )
}
