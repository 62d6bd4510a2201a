-- AlterTable
ALTER TABLE "clients" ADD COLUMN     "last_used_at" TIMESTAMPTZ(3),
ADD COLUMN     "registration_hash" BYTEA;

-- CreateTable
CREATE TABLE "pushed_requests" (
    "hash" BYTEA NOT NULL,
    "client_id" TEXT NOT NULL,
    "parameters" TEXT NOT NULL,
    "jkt" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "spent_at" TIMESTAMPTZ(3),

    CONSTRAINT "pushed_requests_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "device_codes" (
    "hash" BYTEA NOT NULL,
    "user_code_hash" BYTEA NOT NULL,
    "client_id" TEXT NOT NULL,
    "request" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "poll_interval" INTEGER NOT NULL,
    "polled_at" TIMESTAMPTZ(3),
    "ip" TEXT,
    "user_agent" TEXT,
    "browser_hash" BYTEA,
    "decision" TEXT,
    "decided_at" TIMESTAMPTZ(3),

    CONSTRAINT "device_codes_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "initial_access_tokens" (
    "id" UUID NOT NULL,
    "hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "uses_left" INTEGER NOT NULL,

    CONSTRAINT "initial_access_tokens_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "logout_deliveries" (
    "id" BIGSERIAL NOT NULL,
    "client_id" TEXT NOT NULL,
    "user_id" UUID NOT NULL,
    "session_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "next_attempt_at" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "delivered_at" TIMESTAMPTZ(3),
    "last_outcome" TEXT,

    CONSTRAINT "logout_deliveries_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "pushed_requests_client_id_idx" ON "pushed_requests"("client_id");

-- CreateIndex
CREATE INDEX "pushed_requests_expires_at_idx" ON "pushed_requests"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "device_codes_user_code_hash_key" ON "device_codes"("user_code_hash");

-- CreateIndex
CREATE INDEX "device_codes_client_id_idx" ON "device_codes"("client_id");

-- CreateIndex
CREATE INDEX "device_codes_expires_at_idx" ON "device_codes"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "initial_access_tokens_hash_key" ON "initial_access_tokens"("hash");

-- CreateIndex
CREATE INDEX "initial_access_tokens_expires_at_idx" ON "initial_access_tokens"("expires_at");

-- CreateIndex
CREATE INDEX "logout_deliveries_next_attempt_at_idx" ON "logout_deliveries"("next_attempt_at");

-- CreateIndex
CREATE INDEX "logout_deliveries_created_at_idx" ON "logout_deliveries"("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "logout_deliveries_session_id_client_id_key" ON "logout_deliveries"("session_id", "client_id");

-- CreateIndex
CREATE UNIQUE INDEX "clients_registration_hash_key" ON "clients"("registration_hash");

-- CreateIndex
CREATE INDEX "clients_registration_hash_last_used_at_idx" ON "clients"("registration_hash", "last_used_at");

-- Whichever way a session ends, and whoever ends it: in the same transaction each app that took part in it is queued to
-- be told. An act that forgot to would leave people logged in. The body writes its semicolons as \x3b, since
-- `prisma migrate deploy` takes every other for the end of a statement. A session that had expired before it was ended had
-- logged nobody in any more: an act on everybody tells of those that were alive.
CREATE FUNCTION "queue_logout_deliveries"() RETURNS trigger LANGUAGE plpgsql AS E'
BEGIN
  INSERT INTO "logout_deliveries" ("client_id", "user_id", "session_id", "created_at", "next_attempt_at")
  SELECT DISTINCT f."client_id", NEW."user_id", NEW."id", NEW."ended_at", NEW."ended_at"
  FROM "token_families" f JOIN "clients" c ON c."id" = f."client_id"
  WHERE f."session_id" = NEW."id" AND c."metadata" ? \'backchannel_logout_uri\' AND c."disabled_at" IS NULL
  ON CONFLICT DO NOTHING\x3b
  IF FOUND THEN PERFORM pg_notify(\'tessera_changes\', \'logouts\')\x3b END IF\x3b
  RETURN NULL\x3b
END';

CREATE TRIGGER "session_ended" AFTER UPDATE OF "ended_at" ON "sessions" FOR EACH ROW
WHEN (OLD."ended_at" IS NULL AND NEW."ended_at" < LEAST(OLD."idle_expires_at", OLD."absolute_expires_at")) EXECUTE FUNCTION "queue_logout_deliveries"();
