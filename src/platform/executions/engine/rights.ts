import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { type Scope, SYSTEM } from '../../access/caller.js';
import { Memberships, reaches } from '../../access/memberships.js';
import { Standings } from '../../access/standings.js';
import type { StoredScope } from '../model/execution.js';

/** Whether an execution may run now, and with which rights: those that its user has at that time. */
@Injectable()
export class ExecutionRights {
  private standings: Standings | undefined;

  constructor(
    private readonly modules: ModuleRef,
    private readonly memberships: Memberships,
  ) {}

  /** The current scope of an execution, or why it cannot run. */
  async scopeOf({
    actor,
    owner,
    permission,
  }: StoredScope): Promise<Scope | 'disabled' | 'gone' | 'forbidden'> {
    if (actor.kind === 'system') return owner ? { actor, owner } : SYSTEM;
    // Provided by a feature, which is created after this.
    const standings = (this.standings ??= this.modules.get<Standings>(Standings, { strict: false }));
    const user = actor.kind === 'user' ? actor.id : actor.user;
    const standing = await standings.of(user);
    if (typeof standing === 'string') return standing;
    if (owner?.kind === 'organization') {
      const role = await this.memberships.roleOf(owner.id, user);
      return role !== null && reaches(role, 'member') ? { actor, owner } : 'forbidden';
    }
    const { permissions } = standing;
    if (owner) return { actor, owner, permissions };
    if (permission === undefined || !permissions.has(permission)) return 'forbidden';
    return { actor, all: true, permission, permissions };
  }
}

/** The stored part of a scope: who acts, and whose records are meant. */
export function stored(scope: Scope): StoredScope {
  const { actor } = scope;
  return scope.all ? { actor, permission: scope.permission } : { actor, owner: scope.owner };
}
