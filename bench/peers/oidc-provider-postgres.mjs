import pg from 'pg'

const schema = `
  CREATE TABLE payloads (
    model text NOT NULL, id text NOT NULL, payload jsonb NOT NULL,
    grant_id text, user_code text, uid text, expires_at timestamptz, consumed_at timestamptz,
    PRIMARY KEY (model, id));
  CREATE INDEX ON payloads (grant_id) WHERE grant_id IS NOT NULL;
  CREATE UNIQUE INDEX ON payloads (user_code) WHERE user_code IS NOT NULL;
  CREATE UNIQUE INDEX ON payloads (uid) WHERE uid IS NOT NULL`

const select = (condition) =>
  `SELECT payload, consumed_at FROM payloads WHERE ${condition} AND (expires_at IS NULL OR expires_at > now())`

const statements = {
  upsert: `INSERT INTO payloads (model, id, payload, grant_id, user_code, uid, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))
    ON CONFLICT (model, id) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id,
      user_code = excluded.user_code, uid = excluded.uid, expires_at = excluded.expires_at`,
  find: select('model = $1 AND id = $2'),
  find_by_uid: select('uid = $1'),
  find_by_user_code: select('user_code = $1'),
  destroy: 'DELETE FROM payloads WHERE model = $1 AND id = $2',
  consume: 'UPDATE payloads SET consumed_at = now() WHERE model = $1 AND id = $2',
  revoke_by_grant: 'DELETE FROM payloads WHERE grant_id = $1',
}

/**
 * The adapter oidc-provider asks for, as lean as its contract lets it be: one row per instance of a model, one prepared
 * statement and one round trip per call, nothing that grows in memory.
 *
 * @param url of an empty database; as many connections as our server holds
 */
export const openAdapter = async (url) => {
  const pool = new pg.Pool({ connectionString: url, max: 10, application_name: 'oidc-provider' })
  await pool.query(schema)
  const execute = (name, ...values) => pool.query({ name, text: statements[name], values })
  const load = async (name, ...values) => {
    const [row] = (await execute(name, ...values)).rows
    if (!row) return undefined
    const consumed = row.consumed_at && { consumed: Math.floor(row.consumed_at.getTime() / 1000) }
    return { ...row.payload, ...consumed }
  }

  return (model) => ({
    async upsert(id, payload, expiresIn) {
      const { grantId = null, userCode = null, uid } = payload
      // Interactions have a uid as well, which nobody looks for.
      const soughtUid = model === 'Session' ? uid : null
      await execute('upsert', model, id, payload, grantId, userCode, soughtUid, expiresIn ?? null)
    },
    find: (id) => load('find', model, id),
    findByUid: (uid) => load('find_by_uid', uid),
    findByUserCode: (code) => load('find_by_user_code', code),
    destroy: (id) => execute('destroy', model, id),
    consume: (id) => execute('consume', model, id),
    revokeByGrantId: (grantId) => execute('revoke_by_grant', grantId),
  })
}
