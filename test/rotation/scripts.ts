import fc from 'fast-check'
import * as commands from './commands.ts'
import type { Ask } from './oracle.ts'
import { resources } from './world.ts'

const pick = fc.nat({ max: 11 })
const server = fc.nat({ max: 1 })
const age = fc.constantFrom(0, 0, 1, 1, 1, 2, 2, 3, 5)

/** Mostly nothing; else less than was granted, or more. */
const ask: fc.Arbitrary<Ask> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({}) },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Ask>(
      { scope: ['read'] },
      { scope: ['read', 'openid'] },
      { scope: ['read', 'write'] },
      { scope: ['read', 'admin'] },
      { resource: resources[0] },
      { resource: resources[1] },
      { resource: 'https://elsewhere.example' },
      { scope: ['read'], resource: resources[1] },
    ),
  },
)
/** What the first login of a story grants. */
export const granted = fc.record({
  scope: fc.constantFrom(['offline_access', 'read'], ['read', 'write'], ['openid', 'offline_access', 'read', 'write']),
  both: fc.boolean(),
})
const clash: fc.Arbitrary<commands.Clash> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ age: fc.nat({ max: 3 }), ask }) },
  { weight: 1, arbitrary: fc.constantFrom<commands.Clash>('revoke', 'end_session', 'disable_person') },
)

const weighted: readonly (readonly [number, fc.Arbitrary<commands.Command>])[] = [
  [10, fc.tuple(granted, server).map((given) => commands.logIn(...given))],
  [20, fc.tuple(pick, fc.constantFrom(0, 0, 1), ask, server).map((given) => commands.refresh(...given, false))],
  [8, fc.tuple(pick, fc.constantFrom(0, 0, 1), ask, server).map((given) => commands.refresh(...given, true))],
  [10, fc.tuple(pick, age, ask, server).map((given) => commands.present(...given))],
  [4, pick.map(commands.steal)],
  [
    4,
    fc
      .tuple(pick, age, server, fc.constantFrom('refresh' as const, 'revoke' as const))
      .map((given) => commands.wrongPresenter(...given)),
  ],
  [4, fc.tuple(pick, age, fc.integer({ min: 2, max: 6 })).map((given) => commands.burst(...given))],
  [6, fc.tuple(pick, fc.array(clash, { minLength: 2, maxLength: 3 })).map((given) => commands.clash(...given))],
  [1, fc.tuple(pick, server).map((given) => commands.revoke(...given))],
  [1, fc.tuple(pick, server).map((given) => commands.revokeAccess(...given))],
  [1, fc.constant(commands.logOut())],
  [1, fc.constantFrom(commands.disable('person'), commands.disable('client'))],
  [4, fc.constant(commands.enable())],
  [6, fc.constantFrom(1, 2, 10, 31, 61, 200).map(commands.pass)],
  [
    6,
    fc
      .tuple(
        pick,
        fc.constantFrom<commands.Edge>('window', 'window', 'idle', 'absolute', 'access', 'expiry'),
        fc.constantFrom(-1, 0, 1),
      )
      .map((given) => commands.passTo(...given)),
  ],
  [2, server.map(commands.kill)],
  [2, fc.constant(commands.restart())],
  [
    4,
    fc
      .tuple(pick, age, fc.integer({ min: 1, max: 4 }), fc.constantFrom('before' as const, 'after' as const), server)
      .map((given) => commands.killDuring(...given)),
  ],
]

/** What a client is. */
export const shape = fc.record({ public: fc.boolean(), window: fc.constantFrom(undefined, undefined, 0, 5, 90) })

/** Up to 40 steps. */
export const scripts = (most = 40) =>
  fc.commands(
    weighted.flatMap(([weight, arbitrary]) => Array.from({ length: weight }, () => arbitrary)),
    {
      maxCommands: most,
      size: 'max',
    },
  )
