import { type DeviceName, deviceWords, Network } from '../device.tsx'
import { Instant } from '../form.tsx'
import { Heads } from '../table.tsx'
import type { AccountTexts } from '../texts/account.ts'
import { type AccountFrame, Act } from './frame.tsx'

export type DeviceShown = {
  readonly id: string
  readonly name: DeviceName
  readonly isHere: boolean
  readonly network: string | undefined
  readonly firstUsed: Date
  readonly lastUsed: Date
  readonly ends: Date
  /** Names of the apps that were logged in to there. */
  readonly apps: readonly string[]
}

const Device = ({
  device,
  frame,
  words,
}: {
  readonly device: DeviceShown
  readonly frame: AccountFrame
  readonly words: AccountTexts
}) => {
  const t = words.devices
  const name = deviceWords(device.name, words)
  return (
    <tr>
      <th scope="row">
        {name} {device.isHere && <span class="new">{t.here}</span>}
        {device.apps.length > 0 && <span class="muted">{t.apps(device.apps.join(', '))}</span>}
      </th>
      <td data-label={t.network}>{device.network ? <Network network={device.network} /> : '–'}</td>
      <td data-label={t.first}>
        <Instant at={device.firstUsed} />
      </td>
      <td data-label={words.lastUsed}>
        <Instant at={device.lastUsed} />
        <span class="muted">
          {t.ends} <Instant at={device.ends} />
        </span>
      </td>
      <td>
        {!device.isHere && (
          <div class="acts">
            <Act
              frame={frame}
              id={`end-${device.id}`}
              to="end-session"
              of={['session', device.id]}
              label={t.end}
              says={t.endThat(name)}
            />
            <a href={`${frame.base}/account/not-me`}>{words.notMe}</a>
          </div>
        )}
      </td>
    </tr>
  )
}

export const Devices = ({
  devices,
  more,
  frame,
  words,
}: {
  readonly devices: readonly DeviceShown[]
  /** How many there are beside these. */
  readonly more: number
  readonly frame: AccountFrame
  readonly words: AccountTexts
}) => {
  const t = words.devices
  return (
    <section aria-labelledby="devices">
      <h2 id="devices">{t.title}</h2>
      <table>
        <Heads labels={[t.device, t.network, t.first, words.lastUsed]} acts={words.acts} />
        <tbody>
          {devices.map((device) => (
            <Device key={device.id} device={device} frame={frame} words={words} />
          ))}
        </tbody>
      </table>
      {more > 0 && <p class="muted">{t.more(more)}</p>}
      {devices.length > 1 && (
        <div class="stack">
          <p class="muted">{t.othersText}</p>
          <div class="acts">
            <Act frame={frame} id="end-others" to="end-others" label={t.others} />
          </div>
        </div>
      )}
    </section>
  )
}
