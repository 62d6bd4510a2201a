import { ofAuthorization } from './differences/authorization.ts'
import type { Difference } from './differences/difference.ts'
import { ofRegistration } from './differences/registration.ts'
import { ofTokens } from './differences/tokens.ts'

export type { Difference } from './differences/difference.ts'

/** Where the two differ, and may. What stands in no line of these fails the test. */
export const differences: readonly Difference[] = [...ofAuthorization, ...ofTokens, ...ofRegistration]
