-- Once a minute what is over is looked for.
-- CreateIndex
CREATE INDEX "sessions_absolute_expires_at_idx" ON "sessions"("absolute_expires_at");

-- They go with their client.
-- CreateIndex
CREATE INDEX "consents_client_id_idx" ON "consents"("client_id");

-- Lists of administrators show the newest of those that have not ended, of which there may be none among a million. Not
-- IS NULL, which nearly every statement says: on a new table they would all read this index from its beginning. The schema
-- of Prisma has no words for it.
CREATE INDEX "sessions_alive_idx" ON "sessions"("created_at", "id")
WHERE coalesce("ended_at", 'infinity') = 'infinity';

CREATE INDEX "token_families_alive_idx" ON "token_families"("created_at", "id")
WHERE coalesce("revoked_at", 'infinity') = 'infinity';

-- Where much is to be told, it is found client by client. What was told stays for a month, and does not lie in between.
CREATE INDEX "logout_deliveries_waiting_idx" ON "logout_deliveries"("client_id", "next_attempt_at")
WHERE "next_attempt_at" IS NOT NULL;

-- Once for a statement and no longer for each of its rows: an act on everybody ends a million sessions. As before, of who
-- had expired before the act nobody is told. EXECUTE plans the statement each time: a plan made for the one session of a
-- login would be kept, and take the square of the time for a thousand. The new trigger comes before the old one goes, since
-- `prisma migrate deploy` may run each line by itself: what is queued twice is queued once.
CREATE FUNCTION "queue_ended_sessions"() RETURNS trigger LANGUAGE plpgsql AS E'
DECLARE queued int\x3b
BEGIN
  IF NOT EXISTS (SELECT FROM "became" WHERE "ended_at" IS NOT NULL) THEN RETURN NULL\x3b END IF\x3b
  EXECUTE \'
    INSERT INTO "logout_deliveries" ("client_id", "user_id", "session_id", "created_at", "next_attempt_at")
    SELECT DISTINCT f."client_id", s."user_id", s."id", s."ended_at", s."ended_at"
    FROM "became" s JOIN "was" ON "was"."id" = s."id"
      JOIN "token_families" f ON f."session_id" = s."id" JOIN "clients" c ON c."id" = f."client_id"
    WHERE "was"."ended_at" IS NULL AND s."ended_at" < LEAST("was"."idle_expires_at", "was"."absolute_expires_at")
      AND c."metadata" ? \'\'backchannel_logout_uri\'\' AND c."disabled_at" IS NULL
    ON CONFLICT DO NOTHING\'\x3b
  GET DIAGNOSTICS queued = ROW_COUNT\x3b
  IF queued > 0 THEN PERFORM pg_notify(\'tessera_changes\', \'logouts\')\x3b END IF\x3b
  RETURN NULL\x3b
END';

CREATE TRIGGER "sessions_ended" AFTER UPDATE ON "sessions" REFERENCING OLD TABLE AS "was" NEW TABLE AS "became"
FOR EACH STATEMENT EXECUTE FUNCTION "queue_ended_sessions"();

DROP TRIGGER "session_ended" ON "sessions";

DROP FUNCTION "queue_logout_deliveries"();
