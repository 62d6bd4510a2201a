import fc from 'fast-check'
import type { Authorize, Change, Dpop, Grant, Proof, Push, Register, Show, Shown, Token } from './cases.ts'
import { type ClientName, clientNames, metadata } from './clients.ts'
import { changesOf, ofGrants, ofMetadata, ofRequests, ofTokens } from './vocabulary.ts'

/** Mostly one thing is wrong; two show which is looked at first, none that the good is good. */
const changes = (vocabulary: Readonly<Record<string, readonly string[]>>): fc.Arbitrary<readonly Change[]> => {
  const one = fc.constantFrom(...changesOf(vocabulary))
  const several = (count: number) =>
    fc.uniqueArray(one, { minLength: count, maxLength: count, selector: ({ name }) => name })
  return fc.oneof(
    { weight: 1, arbitrary: several(0) },
    { weight: 8, arbitrary: several(1) },
    { weight: 4, arbitrary: several(2) },
    { weight: 1, arbitrary: several(3) },
  )
}

const client = fc.constantFrom(...clientNames)
const mostly = <T>(usual: T, others: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: others })

export const authorizations: fc.Arbitrary<Authorize> = fc
  .record({
    at: fc.constant('authorize' as const),
    client,
    by: fc.constantFrom('GET' as const, 'POST' as const),
    who: fc.constantFrom('nobody' as const, 'silent' as const, 'known' as const),
    pushed: fc.integer({ min: 0, max: 4 }).map((die) => die === 0),
    changes: changes(ofRequests),
  })
  .map((asked) => ({ ...asked, pushed: asked.pushed || (asked.client === 'fapi' && asked.changes.length < 2) }))

const secrets: readonly Proof[] = [
  'absent',
  'wrong secret',
  'other method',
  'two methods',
  'unknown client',
  'another client_id',
  'no Basic',
  'no colon',
  'Bearer',
  'empty secret',
]
const assertions: readonly Proof[] = [
  'absent',
  'other method',
  'two methods',
  'unknown client',
  'another client_id',
  'wrong key',
  'wrong audience',
  'endpoint as audience',
  'expired',
  'without exp',
  'without jti',
  'from the future',
  'wrong issuer',
  'unsigned',
  'replayed',
  'junk',
  'wrong assertion type',
  'Bearer',
]
const proofsOf = (name: ClientName): fc.Arbitrary<Proof> => {
  const wrong = name === 'jwt' || name === 'fapi' ? assertions : name === 'public' ? secrets.slice(0, 5) : secrets
  return mostly<Proof>('right', fc.constantFrom(...wrong))
}
const dpopsOf = (name: ClientName): fc.Arbitrary<Dpop> => {
  const wrong = fc.constantFrom<Dpop>(
    'right',
    'wrong htu',
    'wrong htm',
    'old',
    'junk',
    'other key',
    'replayed',
    'absent',
  )
  return name === 'fapi'
    ? mostly<Dpop>('right', wrong)
    : fc.oneof({ weight: 9, arbitrary: fc.constant<Dpop>('absent') }, { weight: 1, arbitrary: wrong })
}
const byClient = (vocabulary: Readonly<Record<string, readonly string[]>>) =>
  client.chain((name) =>
    fc.record({ client: fc.constant(name), proof: proofsOf(name), dpop: dpopsOf(name), changes: changes(vocabulary) }),
  )

export const pushes: fc.Arbitrary<Push> = byClient(ofRequests).map((asked) => ({ at: 'par', ...asked }))

const may = (name: ClientName, grant: string) => JSON.stringify(metadata[name].grant_types).includes(grant)
/** Whether the client can come to hold one. */
export const isPossible = (grant: Grant, name: ClientName): boolean =>
  grant === 'refresh'
    ? may(name, 'refresh_token')
    : grant === 'client'
      ? may(name, 'client_credentials')
      : grant !== 'device' || may(name, 'device_code')
const grantsFor = (name: ClientName): readonly Grant[] => [
  'code',
  'code',
  'spent code',
  "another's code",
  "another's refresh",
  'client',
  ...(may(name, 'refresh_token') ? (['refresh', 'refresh', 'spent refresh'] as const) : []),
  ...(may(name, 'device_code') ? (['device', 'device twice'] as const) : []),
  "another's device",
]
export const redemptions: fc.Arbitrary<Token> = byClient(ofGrants).chain((asked) =>
  fc.constantFrom(...grantsFor(asked.client)).map((grant): Token => ({ at: 'token', grant, ...asked })),
)

const shownFor = (name: ClientName): readonly Shown[] => [
  'access',
  "another's access",
  "another's refresh",
  'junk',
  ...(may(name, 'refresh_token') ? (['refresh', 'revoked', 'spent refresh'] as const) : []),
  ...(may(name, 'client_credentials') ? (['client'] as const) : []),
]
export const showings: fc.Arbitrary<Show> = byClient(ofTokens).chain((asked) =>
  fc
    .record({
      at: fc.constantFrom('introspect' as const, 'revoke' as const),
      token: fc.constantFrom(...shownFor(asked.client)),
    })
    .map((shown): Show => ({ ...asked, dpop: 'absent', ...shown })),
)

export const goodMetadata = { client_name: 'An app', redirect_uris: ['https://app.example/cb'] }
const field = fc.constantFrom(
  ...Object.entries(ofMetadata).flatMap(([name, values]) => values.map((value) => [name, value] as const)),
)
const bodies = fc.constantFrom('', '{', 'null', '[]', '"x"', '1')
export const registrations: fc.Arbitrary<Register> = fc.oneof(
  { weight: 1, arbitrary: bodies.map((sent): Register => ({ at: 'register', sent, changed: ['body'] })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...Object.keys(goodMetadata)).map(
      (name): Register => ({
        at: 'register',
        sent: JSON.stringify({ ...goodMetadata, [name]: undefined }),
        changed: [name],
      }),
    ),
  },
  {
    weight: 20,
    arbitrary: fc
      .oneof(
        { weight: 3, arbitrary: fc.uniqueArray(field, { minLength: 1, maxLength: 1 }) },
        { weight: 1, arbitrary: fc.uniqueArray(field, { minLength: 2, maxLength: 2, selector: ([name]) => name }) },
      )
      .map(
        (fields): Register => ({
          at: 'register',
          sent: JSON.stringify({ ...goodMetadata, ...Object.fromEntries(fields) }),
          changed: fields.map(([name]) => name),
        }),
      ),
  },
)
