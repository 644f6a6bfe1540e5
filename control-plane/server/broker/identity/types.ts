/** A pod that is what its token says, as the cluster has it now. */
export interface LivePod {
  readonly name: string
  readonly uid: string
  readonly workloadId: string
}
