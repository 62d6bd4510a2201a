import type { User } from '../identity/stores.ts'

export type UserRow = {
  readonly user_id: string
  readonly username: string
  readonly password_hash: string | null
  readonly user_claims: Readonly<Record<string, unknown>>
  readonly admin: boolean
  readonly user_not_before: Date | null
  readonly user_disabled_at: Date | null
  readonly user_created_at: Date
  readonly must_choose_password: boolean
}

/** Of `u`. */
export const userColumns = `u.id AS user_id, u.username, u.password_hash, u.claims AS user_claims, u.admin,
  u.not_before AS user_not_before, u.disabled_at AS user_disabled_at, u.created_at AS user_created_at,
  u.must_choose_password`

export const userOf = (row: UserRow): User => ({
  id: row.user_id,
  username: row.username,
  passwordHash: row.password_hash ?? undefined,
  claims: row.user_claims,
  admin: row.admin,
  notBefore: row.user_not_before ?? undefined,
  disabledAt: row.user_disabled_at ?? undefined,
  createdAt: row.user_created_at,
  mustChoosePassword: row.must_choose_password,
})
