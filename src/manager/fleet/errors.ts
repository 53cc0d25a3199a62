import { CodedError } from '../coded-error.ts';
import type { WorkspaceStatus } from './status.ts';

/** The stable identifier of each kind of {@link FleetError}. */
export type FleetErrorCode =
  | 'ERR_FLEET_NOT_FOUND'
  | 'ERR_FLEET_STATUS'
  | 'ERR_FLEET_BUSY'
  | 'ERR_FLEET_NAME_TAKEN'
  | 'ERR_FLEET_INVALID'
  | 'ERR_FLEET_LOST_ROW'
  | 'ERR_FLEET_CLOSED';

/** An error that a caller of the fleet can cause or has to handle. Decide by `code`. */
export abstract class FleetError extends CodedError<FleetErrorCode> {}

/** No workspace has this id, or it has been removed. */
export class FleetNotFoundError extends FleetError {
  readonly code = 'ERR_FLEET_NOT_FOUND';
  constructor(id: string) {
    super(`workspace ${id} does not exist, or has been removed`);
  }
}

/** The workspace is in a status in which this cannot be done. */
export class FleetStatusError extends FleetError {
  readonly code = 'ERR_FLEET_STATUS';
  readonly status: WorkspaceStatus;

  constructor(id: string, status: WorkspaceStatus, allowed: readonly WorkspaceStatus[]) {
    super(`workspace ${id} is ${status}; this is for one that is ${allowed.join(', ')}`);
    this.status = status;
  }
}

/** Somebody, in this manager or another, is starting or stopping the workspace. */
export class FleetBusyError extends FleetError {
  readonly code = 'ERR_FLEET_BUSY';
  constructor(id: string) {
    super(`workspace ${id} is being started or stopped; try again when that is done`);
  }
}

/** The name is taken, and so is every variant of it. */
export class FleetNameTakenError extends FleetError {
  readonly code = 'ERR_FLEET_NAME_TAKEN';
  constructor(name: string, options?: ErrorOptions) {
    super(`a workspace named '${name}' exists there; choose another name`, options);
  }
}

/** What was asked for makes no sense. */
export class FleetInvalidError extends FleetError {
  readonly code = 'ERR_FLEET_INVALID';
}

/** A row that the database has just refused a second of was gone when it was looked for. Nothing was changed. */
export class FleetLostRowError extends FleetError {
  readonly code = 'ERR_FLEET_LOST_ROW';
  constructor(name: string) {
    super(`workspace '${name}' was removed while it was imported; import again`);
  }
}

/** The fleet is shutting down. */
export class FleetClosedError extends FleetError {
  readonly code = 'ERR_FLEET_CLOSED';
  constructor() {
    super('the fleet is shutting down; ask again when it is back');
  }
}
