/** For the tests of an API: an issuer on this machine that signs what the test says. */

export { thumbprintOf } from '../sender-constraint/certificate.ts'
export { type Act, type MockIssuer, type MockIssuerOptions, mockIssuer } from './mock-issuer.ts'
export type { MockKey } from './mock-keys.ts'
export type { ProofKey, ProofRequest } from './mock-proofs.ts'
