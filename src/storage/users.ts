import { later, stopwatch } from '../clock.ts'
import { type Actor, operator } from '../identity/ending.ts'
import type { NewUser, User, UserStore } from '../identity/stores.ts'
import { notBeforeOf } from '../oauth/revocations/entry.ts'
import { isRecord } from '../record.ts'
import { recordAct } from './acts.ts'
import { type Database, json, statement } from './database.ts'
import { mark } from './ending.ts'
import { selectionOf } from './endings.ts'
import { asJson } from './json.ts'
import type { Prisma, User as StoredUser } from './prisma/client.ts'
import { enter } from './revocations.ts'
import { userEntries } from './user-entries.ts'
import { type UserRow, userColumns, userOf } from './user-row.ts'

const storedOf = (row: StoredUser): User => ({
  id: row.id,
  username: row.username,
  passwordHash: row.passwordHash ?? undefined,
  claims: isRecord(row.claims) ? row.claims : {},
  admin: row.admin,
  notBefore: row.notBefore ?? undefined,
  disabledAt: row.disabledAt ?? undefined,
  createdAt: row.createdAt,
  mustChoosePassword: row.mustChoosePassword,
})

const byId = statement<UserRow>('user_find', `SELECT ${userColumns} FROM users u WHERE u.id = $1`)
const byUsername = statement<UserRow>(
  'user_find_by_username',
  `SELECT ${userColumns} FROM users u WHERE u.username_key = $1`,
)

export const newUserData = (user: NewUser): Prisma.UserUncheckedCreateInput => ({
  id: user.id,
  username: user.username,
  usernameKey: user.usernameKey,
  passwordHash: user.passwordHash ?? null,
  claims: asJson(user.claims),
  admin: user.admin,
  createdAt: user.createdAt,
  passwordSetAt: user.passwordHash === undefined ? null : user.createdAt,
})

/** Ends every session, family and pending code of a person, but for one session and what hangs on it. */
const endAll = async (
  tx: Prisma.TransactionClient,
  userId: string,
  reason: 'user_disabled' | 'password_changed',
  now: Date,
  sparedSessionId: string | undefined,
  by: Actor,
  waited: () => number,
): Promise<void> => {
  const target = { of: 'user', id: userId, sparedSessionId } as const
  const marked = await mark(tx, selectionOf(target), reason, now)
  // What was issued while it waited for its locks must not outlive it.
  const notBefore = notBeforeOf(later(now, waited()))
  await tx.user.update({ where: { id: userId }, data: { notBefore } })
  await recordAct(tx, { target, of: { userId }, reason, by, at: now }, marked)
  const act = { notBefore, sparedSessionId, reason, tokensExpireAt: marked.tokensExpireAt }
  await enter(tx, await userEntries(tx, userId, act, now), now)
}

export const createUsers = (database: Database): UserStore => ({
  find: async (id) => (await database.rows(byId, [id])).map(userOf)[0],
  findByUsername: async (usernameKey) => (await database.rows(byUsername, [usernameKey])).map(userOf)[0],
  create: async (user) => storedOf(await database.prisma((prisma) => prisma.user.create({ data: newUserData(user) }))),
  list: async ({ after, limit }) => {
    const rows = await database.prisma((prisma) =>
      prisma.user.findMany({
        ...(after === undefined ? {} : { where: { id: { gt: after } } }),
        orderBy: { id: 'asc' },
        take: limit,
      }),
    )
    return rows.map(storedOf)
  },
  changeClaims: (id, { set, remove }, now) =>
    database.transaction(async (tx) => {
      // One statement on the row as it stands: nobody's change beside this one is lost.
      await tx.$executeRaw`
        UPDATE users SET claims = (claims - ${[...remove]}::text[]) || ${json(set)}::jsonb WHERE id = ${id}::uuid`
      const detail = { set: Object.keys(set), removed: [...remove], through: 'command_line' }
      await tx.event.create({ data: { at: now, kind: 'claims_changed', userId: id, detail } })
      return storedOf(await tx.user.findUniqueOrThrow({ where: { id } }))
    }),
  disable: (id, now) =>
    database.transaction(async (tx) => {
      const waited = stopwatch()
      const { count } = await tx.user.updateMany({
        where: { id, disabledAt: null },
        data: { disabledAt: now },
      })
      if (count === 0) return false
      await endAll(tx, id, 'user_disabled', now, undefined, operator, waited)
      return true
    }),
  enable: async (id) => {
    const { count } = await database.prisma((prisma) =>
      prisma.user.updateMany({ where: { id, NOT: { disabledAt: null } }, data: { disabledAt: null } }),
    )
    return count === 1
  },
  setPassword: (id, passwordHash, now, { spare, proved, by = operator } = {}) =>
    database.transaction(async (tx) => {
      const waited = stopwatch()
      // To hash a password takes a while: what ended meanwhile, or was set by somebody else, stands.
      const standing = proved && {
        passwordHash: proved.passwordHash ?? null,
        mustChoosePassword: proved.mustChoosePassword,
        disabledAt: null,
        ...(spare === undefined ? {} : { sessions: { some: { id: spare, endedAt: null } } }),
      }
      const { count } = await tx.user.updateMany({
        where: { id, ...standing },
        data: { passwordHash, passwordSetAt: now, mustChoosePassword: false },
      })
      if (count === 0) return false
      await endAll(tx, id, 'password_changed', now, spare, by, waited)
      return true
    }),
})
