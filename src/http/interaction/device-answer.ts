import type { FastifyReply, FastifyRequest } from 'fastify'
import type { DeviceRequest } from '../../oauth/authorization/request.ts'
import type { DeviceCodeStore } from '../../oauth/device/stores.ts'
import type { Consent, Person } from '../../oauth/stores.ts'
import { deviceDonePage } from '../../pages/user-code.tsx'
import type { Admission } from './admission.ts'
import { deviceGrant } from './new-code.ts'
import type { Presenter } from './presentation.ts'
import { completed, expired, type Step } from './step.ts'

/** RFC 8628 §3.3: what a person decides about a device. A page says so here; the device hears it when it asks again. */
export type DeviceAnswers = {
  approve(
    request: FastifyRequest,
    reply: FastifyReply,
    step: Step,
    asked: DeviceRequest,
    granted: { readonly person: Person; readonly consent: Consent },
  ): Promise<FastifyReply>
  deny(request: FastifyRequest, reply: FastifyReply, step: Step, asked: DeviceRequest): Promise<FastifyReply>
}

export const createDeviceAnswers = ({
  deviceCodes,
  admission,
  presenter,
}: {
  readonly deviceCodes: Pick<DeviceCodeStore, 'decide'>
  readonly admission: Admission
  readonly presenter: Presenter
}): DeviceAnswers => {
  const decide = async (
    request: FastifyRequest,
    reply: FastifyReply,
    { interaction, client, now }: Step,
    { device, uiLocales }: DeviceRequest,
    granted: Parameters<DeviceCodeStore['decide']>[2],
  ): Promise<FastifyReply> => {
    if (new Date(device.expiresAt) <= now) throw expired(client)
    const hash = Buffer.from(device.codeHash, 'base64url')
    if (!(await deviceCodes.decide(interaction.idHash, hash, granted, now))) throw completed(client)
    admission.leave(request, now)
    const data = { app: client.client_name, logo: client.logo_uri, allowed: granted !== undefined }
    return presenter.send(request, reply, (presentation) => deviceDonePage(data, presentation), uiLocales)
  }

  return {
    approve: (request, reply, step, asked, { person, consent }) => {
      const code = deviceGrant(asked, step.client, person, step.now)
      return decide(request, reply, step, asked, { code, consent })
    },
    deny: (request, reply, step, asked) => decide(request, reply, step, asked, undefined),
  }
}
