/**
 * For APIs that are protected by Tessera's access tokens: verification with the public keys alone, and revocation within
 * seconds from the signed list, without a question per request. docs/protect-an-api.md shows it in use.
 */
export type { Token } from './access-token.ts'
export type { Adapters, FastifyLikeReply, NodeRequest, NodeResponse } from './adapters.ts'
export type { Credentials, PresentingRequest } from './credentials.ts'
export { type IntrospectionPolicy, introspect } from './introspection.ts'
export type { Algorithm, ProtectOptions, Trouble } from './options.ts'
export { type Guard, protect, type Ways } from './protect.ts'
export { type Rule, TokenRefused } from './refusal.ts'
export type { Requirement } from './requirement.ts'
export type { CertificateOf } from './sender-constraint/certificate.ts'
export type { ProofStore } from './sender-constraint/proof-memory.ts'
export { optionalTokenOf, tokenOf } from './token-of.ts'
