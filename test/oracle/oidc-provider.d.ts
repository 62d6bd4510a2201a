/** What the oracle uses of it; the package brings no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  export type Artefact = Record<string, unknown> & {
    readonly grantId?: string
    readonly userCode?: string
    readonly uid?: string
  }
  export type Adapter = {
    upsert(id: string, payload: Artefact, expiresIn?: number): Promise<void>
    find(id: string): Promise<Artefact | undefined>
    findByUid(uid: string): Promise<Artefact | undefined>
    findByUserCode(userCode: string): Promise<Artefact | undefined>
    consume(id: string): Promise<void>
    destroy(id: string): Promise<void>
    revokeByGrantId(grantId: string): Promise<void>
  }
  export type Grant = {
    addOIDCScope(scope: string): void
    addOIDCClaims(claims: readonly string[]): void
    addResourceScope(resource: string, scope: string): void
    save(): Promise<string>
  }
  export type PeerClient = { readonly clientId: string; grantTypeAllowed(name: string): boolean }
  export type Interaction = {
    readonly uid: string
    readonly grantId?: string
    readonly params: Readonly<Record<string, string>>
    readonly prompt: {
      readonly name: string
      readonly details: {
        readonly missingOIDCScope?: readonly string[]
        readonly missingOIDCClaims?: readonly string[]
        readonly missingResourceScopes?: Readonly<Record<string, readonly string[]>>
      }
    }
    readonly session?: { readonly accountId: string }
  }
  export class Prompt {
    constructor(described: { readonly name: string; readonly requestable: boolean })
  }
  export const interactionPolicy: { readonly Prompt: typeof Prompt; base(): { add(prompt: Prompt): void } }
  export const errors: Record<string, new (description?: string) => Error>

  export default class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>)
    readonly Grant: {
      new (of: { readonly accountId: string; readonly clientId: string }): Grant
      find(id: string): Promise<Grant | undefined>
    }
    on(event: 'server_error', listener: (context: unknown, error: Error) => void): this
    callback(): (request: IncomingMessage, response: ServerResponse) => void
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: Record<string, unknown>,
      options: { readonly mergeWithLastSubmission: boolean },
    ): Promise<void>
  }
}
