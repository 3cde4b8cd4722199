import type { components } from './schema';

type Schemas = components['schemas'];

export type Me = Schemas['Me'];
export type SystemStatus = Schemas['SystemStatus'];
export type Evidence = Schemas['Evidence'];
export type Modules = Schemas['Modules'];
export type Topology = Schemas['Topology'];
export type LatencySeries = Schemas['LatencySeries'];
export type Objectives = Schemas['OperatorObjectives'];
export type Objective = Objectives['objectives'][number];
export type BreakerList = Schemas['BreakerList'];
export type Breaker = BreakerList['breakers'][string];
export type WindowState = Schemas['WindowState'];
export type OpenWindow = Schemas['OpenWindow'];
export type ServiceAnswer = Schemas['ServiceCommandAnswer'];
export type SessionSummary = Schemas['SessionSummary'];
export type Transcript = Schemas['Transcript'];
export type TranscriptMessage = Schemas['TranscriptMessage'];
export type ChatReplyEnd = Schemas['ChatReplyEnd'];
export type Attempt = Schemas['Attempt'];
export type AuditRecord = Schemas['AuditRecord'];
export type UserSettings = Schemas['UserSettings'];
export type Service = Schemas['Service'];
export type ServiceAction = 'start' | 'stop' | 'restart';
