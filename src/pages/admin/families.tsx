import { type DeviceName, deviceWords, Network } from '../device.tsx'
import { Instant } from '../form.tsx'
import type { Presentation } from '../language.ts'
import { Heads } from '../table.tsx'
import { adminTexts } from '../texts/admin.ts'
import { type AdminFrame, adminFrame, End, type Pager, Pages, revokeLink } from './frame.tsx'
import { type Rows, Whose } from './sessions.tsx'

export type FamilyShown = {
  readonly id: string
  readonly userId: string
  readonly username: string
  readonly clientId: string
  readonly app: string
  /** It goes on without its session. */
  readonly offline: boolean
  readonly device: DeviceName
  readonly network: string | undefined
  readonly began: Date
  readonly lastUsed: Date
}

export const Families = ({
  families,
  frame,
  words,
  from,
  named,
}: Rows & { readonly families: readonly FamilyShown[] }) => {
  const t = words.families
  const ofDevices = words.sessions
  if (families.length === 0) return <p class="muted">{t.none}</p>
  return (
    <table>
      <Heads
        labels={[...(named ? [words.person] : []), t.app, ofDevices.device, ofDevices.began, ofDevices.lastUsed]}
        acts={words.acts}
      />
      <tbody>
        {families.map((family) => (
          <tr key={family.id}>
            {named && <Whose of={family} base={frame.base} />}
            <td data-label={t.app}>
              {family.app}
              {family.offline && <span class="muted">{t.away}</span>}
            </td>
            <td data-label={ofDevices.device}>
              {deviceWords(family.device, words)}
              <span class="muted">{family.network && <Network network={family.network} />}</span>
            </td>
            <td data-label={ofDevices.began}>
              <Instant at={family.began} />
            </td>
            <td data-label={ofDevices.lastUsed}>
              <Instant at={family.lastUsed} />
            </td>
            <td>
              <div class="acts">
                <a
                  href={`${frame.base}/admin/families/${family.id}`}
                  aria-label={t.openThat(family.username, family.app)}
                >
                  {t.open}
                </a>
                <End
                  frame={frame}
                  id={`end-family-${family.id}`}
                  of={[
                    ['kind', 'family'],
                    ['id', family.id],
                  ]}
                  from={from}
                  label={t.end}
                  says={t.endThat(family.username, family.app)}
                />
              </div>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

export type FamiliesPage = Pager & {
  readonly frame: AdminFrame
  readonly families: readonly FamilyShown[]
  /** Where all are of one person, or in one app. */
  readonly of?:
    | { readonly is: 'person'; readonly name: string }
    | { readonly is: 'app'; readonly name: string; readonly clientId: string }
    | undefined
}

export const familiesPage = ({ frame, families, of, ...pager }: FamiliesPage, presentation: Presentation): string => {
  const words = adminTexts[presentation.language]
  const title =
    of === undefined
      ? words.families.title
      : of.is === 'app'
        ? words.clients.loginsOf(of.name)
        : words.families.of(of.name)
  return adminFrame(
    {
      frame,
      place: 'families',
      title,
      children: (
        <>
          <Families frame={frame} families={families} words={words} from="/admin/families" named />
          <Pages {...pager} words={words} />
          {of?.is === 'app' && (
            <p class="acts">
              <a
                id="end-client"
                class="button danger"
                href={revokeLink(frame.base, [
                  ['kind', 'client'],
                  ['id', of.clientId],
                ])}
              >
                {words.clients.endThat(of.name)}
              </a>
            </p>
          )}
        </>
      ),
    },
    presentation,
  )
}
