/** For the tests of an API: an issuer on this machine that signs what the test says. */
export { type Act, type MockIssuer, type MockIssuerOptions, mockIssuer } from './mock-issuer.ts'
export type { MockKey } from './mock-keys.ts'
