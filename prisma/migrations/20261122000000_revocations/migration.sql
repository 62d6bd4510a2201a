-- AlterTable
ALTER TABLE "users" ADD COLUMN "must_choose_password" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "token_families" ADD COLUMN "tokens_expire_at" TIMESTAMPTZ(3);

-- Families that are there already know the expiry of their live token alone. The one before it lived no longer.
UPDATE "token_families" SET "tokens_expire_at" = "live_expires_at";

ALTER TABLE "token_families" ALTER COLUMN "tokens_expire_at" SET NOT NULL;

-- AlterTable
ALTER TABLE "signing_keys" ADD COLUMN "purpose" TEXT NOT NULL DEFAULT 'tokens';

-- CreateTable
CREATE TABLE "revocations" (
    "seq" BIGINT NOT NULL,
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "spared_session_id" UUID,
    "not_before" TIMESTAMPTZ(3),
    "reason" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "revocations_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "revocation_counter" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "epoch" UUID NOT NULL DEFAULT gen_random_uuid(),
    "seq" BIGINT NOT NULL DEFAULT 0,
    "not_before" TIMESTAMPTZ(3),

    CONSTRAINT "revocation_counter_pkey" PRIMARY KEY ("id")
);

INSERT INTO "revocation_counter" DEFAULT VALUES;

-- CreateTable
CREATE TABLE "notices" (
    "id" BIGSERIAL NOT NULL,
    "user_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "kind" TEXT NOT NULL,
    "client_id" TEXT,
    "session_id" UUID,
    "family_id" UUID,
    "seen_at" TIMESTAMPTZ(3),

    CONSTRAINT "notices_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "revocations_expires_at_idx" ON "revocations"("expires_at");

-- CreateIndex
CREATE INDEX "notices_user_id_at_idx" ON "notices"("user_id", "at");

-- CreateIndex
CREATE INDEX "notices_at_idx" ON "notices"("at");

-- AddForeignKey
ALTER TABLE "notices" ADD CONSTRAINT "notices_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The ledger counts the retries that were answered with a pair. No decision reads it.
ALTER TABLE "token_pairs" ADD COLUMN "retries" INTEGER NOT NULL DEFAULT 0;
