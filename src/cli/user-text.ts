import type { User } from '../identity/stores.ts'
import { type Cell, details } from './table.ts'

/** OIDC Core §5.1 for the claims, RFC 7662 for `username`. */
export const userJson = (user: User) => ({
  ...user.claims,
  sub: user.id,
  username: user.username,
  admin: user.admin,
  has_password: user.passwordHash !== undefined,
  created_at: user.createdAt,
  disabled_at: user.disabledAt ?? null,
  not_before: user.notBefore ?? null,
})

export const claimText = (value: unknown): Cell => (typeof value === 'string' ? value : JSON.stringify(value))

export const userText = (user: User): string =>
  details([
    ['Username', user.username],
    ['Subject', user.id],
    ['Administrator', user.admin],
    ['Password', user.passwordHash === undefined ? 'none' : 'set'],
    ['Created', user.createdAt],
    ['Disabled', user.disabledAt ?? 'no'],
    ...Object.entries(user.claims).map(([name, value]): [string, Cell] => [name, claimText(value)]),
  ])
