import type { User } from '../identity/stores.ts'
import { parseUsername } from '../identity/username.ts'
import { isUuid as isStoredUuid } from '../uuid.ts'
import type { Opened } from './context.ts'
import { notFound } from './refusal.ts'
import { counted, countedAtMost, printable } from './table.ts'

/** People write an id in either case. */
export const isUuid = (text: string): boolean => isStoredUuid(text.toLowerCase())

/** By name, or by the `sub` of a token. @throws Refusal */
export const findPerson = async ({ users }: Pick<Opened['stores'], 'users'>, name: string): Promise<User> => {
  const username = parseUsername(name)
  const user =
    (username && (await users.findByUsername(username.key))) ??
    (isUuid(name) ? await users.find(name.toLowerCase()) : undefined)
  if (!user) throw notFound(`There is no user ${printable(name)}. \`tessera user list\` names them all.`)
  return user
}

/** What hangs on a person or on a client and ends with it. */
export type Standing = { readonly sessions: number; readonly families: number }

export const standingOf = async (
  { sessions, families }: Pick<Opened['stores'], 'sessions' | 'families'>,
  userId: string,
  now: Date,
): Promise<Standing> => {
  const limit = countedAtMost + 1
  return {
    sessions: (await sessions.list({ userId, limit }, now)).length,
    families: (await families.list({ userId, limit }, now)).length,
  }
}

export const standingText = ({ sessions, families }: Standing): string =>
  `${counted(sessions, 'session', 'sessions')}, ${counted(families, 'token family', 'token families')}`
