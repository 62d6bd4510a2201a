import { administratorScope } from '../oauth/administrator-scope.ts'
import type { ClientMetadata } from '../oauth/client.ts'
import { type RegistrationMode, registrationModes, usualScope } from '../oauth/registration/policy.ts'
import { addressBlock, list, Mistake, oneOf } from './rules.ts'
import { variable } from './variable.ts'

/** RFC 6749 §3.3. @throws Mistake */
const scope = (value: string): readonly string[] => {
  const values = value.split(' ')
  if (!values.every((each) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(each)) || new Set(values).size < values.length)
    throw new Mistake('must be scope values with one space between them, none twice')
  if (values.includes(administratorScope)) throw new Mistake(`must not have ${administratorScope}`)
  return values
}

/** Who may register clients over the network, and for what. */
export const registrationVariables = {
  registration: variable<RegistrationMode>({
    name: 'REGISTRATION',
    fallback: 'off',
    meaning:
      'Whether apps register themselves (RFC 7591, RFC 7592): `off`, `token` (with a token of `tessera client invite`), or `open` to everybody.',
    rule: oneOf(registrationModes),
  }),
  registrationScope: variable<readonly string[]>({
    name: 'REGISTRATION_SCOPE',
    fallback: usualScope,
    shown: `\`${usualScope.join(' ')}\``,
    meaning: 'What an app that registers itself may ask people for.',
    rule: scope,
  }),
  registrationPkce: variable<ClientMetadata['pkce']>({
    name: 'REGISTRATION_PKCE',
    fallback: 'required',
    meaning:
      'Whether an app that registers itself must use PKCE: `required`, or `optional` for those that authenticate and are too old to know it.',
    rule: oneOf(['required', 'optional']),
  }),
  registrationOutboundAllow: variable<readonly string[]>({
    name: 'REGISTRATION_OUTBOUND_ALLOW',
    fallback: [],
    shown: 'public addresses only',
    meaning:
      'Addresses and CIDR blocks, comma separated, that apps that register themselves may name although they are not public: for a network of your own, where everybody who reaches this server may reach those too.',
    rule: list(addressBlock),
  }),
}
