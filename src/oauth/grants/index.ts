import { authorizationCode } from './authorization-code.ts'
import { clientCredentials } from './client-credentials.ts'
import { deviceCode } from './device-code.ts'
import type { GrantType } from './grant.ts'
import { refreshToken } from './refresh-token.ts'

/** Adding a grant is its file and one line here; discovery follows by itself. */
export const grantTypes: readonly GrantType[] = [authorizationCode, refreshToken, clientCredentials, deviceCode]
