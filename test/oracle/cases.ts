import type { ClientName } from './clients.ts'

/** What is done to one parameter of a good request. */
export type Change = {
  readonly name: string
  readonly how: 'missing' | 'empty' | 'repeated' | 'differing' | 'set'
  readonly value?: string
}

/** How the client proves itself. */
export type Proof =
  | 'right'
  | 'absent'
  | 'wrong secret'
  | 'other method'
  | 'two methods'
  | 'unknown client'
  | 'another client_id'
  | 'no Basic'
  | 'no colon'
  | 'Bearer'
  | 'empty secret'
  | 'wrong key'
  | 'wrong audience'
  | 'endpoint as audience'
  | 'expired'
  | 'without exp'
  | 'without jti'
  | 'from the future'
  | 'wrong issuer'
  | 'unsigned'
  | 'replayed'
  | 'junk'
  | 'wrong assertion type'

export type Dpop = 'absent' | 'right' | 'wrong htu' | 'wrong htm' | 'old' | 'junk' | 'other key' | 'replayed'

export type Authorize = {
  readonly at: 'authorize'
  readonly client: ClientName
  readonly by: 'GET' | 'POST'
  readonly who: 'nobody' | 'silent' | 'known'
  /** Whether it was pushed before, as it should be; then the changes are beside its `request_uri`. */
  readonly pushed: boolean
  readonly changes: readonly Change[]
}
export type Push = {
  readonly at: 'par'
  readonly client: ClientName
  readonly proof: Proof
  readonly dpop: Dpop
  readonly changes: readonly Change[]
}
export type Grant =
  | 'code'
  | 'spent code'
  | "another's code"
  | 'refresh'
  | 'spent refresh'
  | "another's refresh"
  | 'client'
  | 'device'
  | 'device twice'
  | "another's device"
export type Token = Omit<Push, 'at'> & { readonly at: 'token'; readonly grant: Grant }
export type Shown =
  | 'access'
  | 'refresh'
  | 'client'
  | "another's access"
  | "another's refresh"
  | 'revoked'
  | 'spent refresh'
  | 'junk'
export type Show = Omit<Push, 'at'> & { readonly at: 'introspect' | 'revoke'; readonly token: Shown }
export type Register = { readonly at: 'register'; readonly sent: string; readonly changed: readonly string[] }

export type Case = Authorize | Push | Token | Show | Register

/** What it does to a form. */
export const applied = (good: URLSearchParams, changes: readonly Change[]): URLSearchParams => {
  const form = new URLSearchParams(good)
  for (const { name, how, value = '' } of changes) {
    if (how === 'missing') form.delete(name)
    else if (how === 'empty') form.set(name, '')
    else if (how === 'repeated') form.append(name, form.get(name) ?? 'again')
    else if (how === 'differing') form.append(name, 'another')
    else form.set(name, value)
  }
  return form
}
