import type { Kysely } from 'kysely'
import { AssayError } from '../core/errors.ts'
import type { Schema } from './schema.ts'
import type { WriteTransaction } from './warehouse.ts'

/** The right to do something alone, for a time that each commit renews. */
export interface Lease {
  readonly name: string
  readonly holder: string
  /** Fencing token: every taking of the lease has a greater one than the last. */
  readonly token: number
  readonly ttlUs: number
}

/** Who wants a lease, and for how long after their last commit. */
export interface LeaseRequest {
  readonly name: string
  /** Told to others who want it. */
  readonly holder: string
  /** The asker's clock. Holders of one lease must agree on the time to well within `ttlUs`. */
  readonly nowUs: number
  readonly ttlUs: number
}

/**
 * Takes a lease that nobody holds, or whose holder has let it run out.
 *
 * @throws ASSAY_LOCKED, naming the holder, while another's has not run out.
 */
export async function acquireLease(tx: WriteTransaction, request: LeaseRequest): Promise<Lease> {
  const { name, holder, nowUs, ttlUs } = request
  const held = await tx.db
    .selectFrom('ops_leases')
    .selectAll()
    .where('name', '=', name)
    .executeTakeFirst()
  if (held !== undefined && held.expires_us > nowUs) throw lockedError(name, held.holder)
  const token = (held?.token ?? 0) + 1
  const row = { token, holder, expires_us: nowUs + ttlUs }
  if (held === undefined) {
    await tx.db
      .insertInto('ops_leases')
      .values({ name, ...row })
      .execute()
  } else {
    // Only over the very row we saw: where writers run side by side, one of two finds it moved.
    const { numUpdatedRows } = await tx.db
      .updateTable('ops_leases')
      .set(row)
      .where('name', '=', name)
      .where('token', '=', held.token)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) throw lockedError(name, 'another asker')
  }
  return { name, holder, token, ttlUs }
}

/**
 * Makes sure, within a commit, that the lease is still ours, and renews it.
 *
 * One that ran out is still ours as long as nobody took it.
 *
 * @throws ASSAY_LEASE_LOST when somebody did: the commit must not happen.
 */
export async function confirmLease(
  tx: WriteTransaction,
  lease: Lease,
  nowUs: number,
): Promise<void> {
  const { numUpdatedRows } = await tx.db
    .updateTable('ops_leases')
    .set({ expires_us: nowUs + lease.ttlUs })
    .where('name', '=', lease.name)
    .where('token', '=', lease.token)
    .executeTakeFirst()
  if (numUpdatedRows > 0n) return
  throw new AssayError('ASSAY_LEASE_LOST', `${lease.holder} lost the lease on ${lease.name}`, {
    context: { name: lease.name, token: lease.token },
  })
}

/** Lets go of a lease at once; one already lost stays with whoever has it. */
export async function releaseLease(tx: WriteTransaction, lease: Lease): Promise<void> {
  // The row stays, for its token: the next must be greater.
  await tx.db
    .updateTable('ops_leases')
    .set({ expires_us: 0 })
    .where('name', '=', lease.name)
    .where('token', '=', lease.token)
    .execute()
}

/**
 * Takes a lease away from whoever has it: they can commit nothing more, and the next to ask
 * has it at once.
 */
export async function revokeLease(tx: WriteTransaction, name: string): Promise<void> {
  await tx.db
    .updateTable('ops_leases')
    .set((eb) => ({ token: eb('token', '+', 1), expires_us: 0 }))
    .where('name', '=', name)
    .execute()
}

/**
 * Ends every lease that only the one writer may hold. Their tokens stay, so the next are greater.
 *
 * For a dialect whose one writer holds a lock that the system frees at its death: having that
 * lock proves that every such holder is gone, and nobody need wait until a dead one's time is up.
 * A lease with a slash in its name may be held beside the writer, and stays.
 */
export async function endLeases(db: Kysely<Schema>): Promise<void> {
  await db
    .updateTable('ops_leases')
    .set({ expires_us: 0 })
    .where('name', 'not like', '%/%')
    .execute()
}

function lockedError(name: string, holder: string): AssayError {
  return new AssayError('ASSAY_LOCKED', `the lease on ${name} is held by ${holder}`, {
    retry: 'backoff',
    context: { name, holder },
  })
}
