/** @property problems in plain words; a token with none is good */
export type Inspection = {
  readonly kind: 'access_token' | 'id_token' | 'refresh_token' | 'unknown'
  readonly problems: readonly string[]
  readonly header: Readonly<Record<string, unknown>> | undefined
  /** Only believable where there are no problems. */
  readonly claims: Readonly<Record<string, unknown>>
}
