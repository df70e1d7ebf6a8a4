//! Proving: segment after segment, then proofs of proofs until one is left.
//!
//! Each proof made is kept in a folder, so that a job goes on where it was stopped.

use crate::{
    job::Job,
    machine::{Instance, Machine, Proof},
    parts::{Parts, Run},
    progress::Progress,
};
use alloy_primitives::{B256, keccak256};
use eyre::{Result, ensure, eyre};
use openvm_continuations::prover::ChildVkKind;
use openvm_sdk::{
    DefaultStarkEngine, F,
    openvm_circuit::{
        arch::{
            PreflightExecutionOutput, VmState, execution_mode::Segment,
            hasher::poseidon2::vm_poseidon2_hasher,
        },
        system::memory::{
            merkle::public_values::{UserPublicValuesProof, extract_public_values},
            online::GuestMemory,
        },
    },
    prover::AggProver,
};
use openvm_stark_backend::StarkEngine as _;
use openvm_verify_stark_host::VmStarkProof;

/// The public values and where they are in the memory at the end.
type PublicValues = UserPublicValuesProof<8, F>;

/// The part that holds the last segment's proof, and that of the public values in the memory which it leaves.
const LAST: &str = "last";

/// What a run of the program takes.
pub struct Plan {
    /// The parts that are proved one by one.
    pub segments: Vec<Segment>,
    /// Columns of each chip's trace.
    pub widths: Vec<usize>,
    /// Whose trace that is.
    pub chips: Vec<String>,
    /// What the program made public.
    pub public_values: Vec<u8>,
}

impl Plan {
    /// Runs the program and divides the run into segments. A run that fails is an error here.
    pub fn new(instance: &Instance, job: &Job) -> Result<Self> {
        let vm = &instance.vm;
        let context = vm.build_metered_ctx(instance.exe());
        let interpreter = vm.metered_interpreter(instance.exe())?;
        let (segments, state) = interpreter.execute_metered(job.stdin(), context)?;
        let airs = &vm.pk().per_air;
        Ok(Self {
            segments,
            widths: airs.iter().map(|air| air.vk.params.width.total_width()).collect(),
            chips: airs.iter().map(|air| air.air_name.clone()).collect(),
            public_values: extract_public_values(32, &state.memory.memory),
        })
    }

    /// Instructions of the run.
    pub fn instructions(&self) -> u64 {
        self.segments.iter().map(|segment| segment.num_insns).sum()
    }

    /// What tells this division of the run into segments from others.
    fn id(&self) -> B256 {
        let lengths = self.segments.iter().flat_map(|segment| segment.num_insns.to_be_bytes());
        keccak256(lengths.collect::<Vec<_>>())
    }

    /// Rows and cells of a chip in all segments.
    pub fn chip(&self, chip: usize) -> (u64, u64) {
        let rows = self.segments.iter().map(|it| u64::from(it.trace_heights[chip])).sum::<u64>();
        (rows, rows * self.widths[chip] as u64)
    }

    /// Cells of all traces.
    pub fn all_cells(&self) -> u64 {
        self.segments.iter().map(|segment| self.cells(segment)).sum()
    }

    /// Cells of the traces of one segment.
    pub fn cells(&self, segment: &Segment) -> u64 {
        let heights = segment.trace_heights.iter().map(|height| u64::from(*height));
        heights.zip(&self.widths).map(|(height, width)| height * *width as u64).sum()
    }
}

/// Makes the proof of a job. Ends with [`Stopped`](crate::progress::Stopped) at the next step once somebody who watches wishes so.
pub fn prove(
    machine: &Machine,
    job: &Job,
    parts: &Parts,
    progress: &mut Progress<'_>,
) -> Result<VmStarkProof> {
    let mut instance = machine.instance()?;
    let plan = Plan::new(&instance, job)?;
    ensure!(
        plan.public_values == job.statement.hash().0,
        "the program came to another statement than the node's code: they are not built from the same sources"
    );
    let cells: Vec<u64> = plan.segments.iter().map(|segment| plan.cells(segment)).collect();
    progress.plan(&cells);
    let parts = parts.of(plan.id());
    let (segments, public_values) = prove_segments(&mut instance, &plan, job, &parts, progress)?;
    drop(instance);
    let aggregator = machine.aggregator();
    let inner = aggregate(&aggregator, segments, &parts, progress)?;
    Ok(VmStarkProof { inner, user_pvs_proof: public_values, deferral_merkle_proofs: None })
}

/// The proofs of the segments, and that of the public values in the memory after the last.
fn prove_segments(
    instance: &mut Instance,
    plan: &Plan,
    job: &Job,
    parts: &Run<'_>,
    progress: &mut Progress<'_>,
) -> Result<(Vec<Proof>, PublicValues)> {
    let exe = instance.exe().clone();
    let mut state = Some(instance.vm.create_initial_state(&exe, job.stdin()));
    let mut proofs = Vec::with_capacity(plan.segments.len());
    // Instructions that need no proof any more, and are executed when the next segment does.
    let mut skipped = 0;
    let last = plan.segments.len().saturating_sub(1);
    for (index, segment) in plan.segments.iter().enumerate() {
        let name = format!("segment.{index}");
        if index < last
            && let Some(proof) = parts.load(&name)?
        {
            skipped += segment.num_insns;
            proofs.push(proof);
            progress.skip();
            continue;
        }
        if index == last
            && let Some(VmStarkProof { inner, user_pvs_proof, .. }) = parts.load(LAST)?
        {
            proofs.push(inner);
            progress.skip();
            return Ok((proofs, user_pvs_proof));
        }
        progress.begin()?;
        let mut before = state.take().expect("each segment leaves one; qed");
        if skipped > 0 {
            before = instance.vm.interpreter(&exe)?.execute_from_state(before, Some(skipped))?;
            skipped = 0;
        }
        let (proof, after) = prove_segment(instance, segment, before)?;
        if index < last {
            parts.save(&name, &proof)?;
        }
        proofs.push(proof);
        state = Some(after);
        progress.done();
    }
    let state = state.ok_or_else(|| eyre!("a run has at least one segment"))?;
    let config = instance.vm.config().as_ref();
    let tree = instance.vm.memory_top_tree().expect("the last segment was proved here; qed");
    let public_values = UserPublicValuesProof::compute(
        config.memory_config.memory_dimensions(),
        config.num_public_values,
        &vm_poseidon2_hasher(),
        &state.memory.memory,
        tree,
    );
    let inner = proofs[last].clone();
    let done = VmStarkProof { inner, user_pvs_proof: public_values, deferral_merkle_proofs: None };
    parts.save(LAST, &done)?;
    Ok((proofs, done.user_pvs_proof))
}

/// Proves one segment, and gives the state after it.
fn prove_segment(
    instance: &mut Instance,
    segment: &Segment,
    before: VmState<F, GuestMemory>,
) -> Result<(Proof, VmState<F, GuestMemory>)> {
    let vm = &mut instance.vm;
    vm.transport_init_memory_to_device(&before.memory);
    let PreflightExecutionOutput { system_records, record_arenas, to_state } = vm
        .execute_preflight(
            &mut instance.interpreter,
            before,
            Some(segment.num_insns),
            &segment.trace_heights,
        )?;
    let context = vm.generate_proving_ctx(system_records, record_arenas)?;
    let proof = vm.engine.prove(vm.pk(), context).map_err(|error| eyre!("{error:?}"))?;
    Ok((proof, to_state))
}

/// One layer of proofs of proofs: how many it takes together, and whose they are.
type Layer = (usize, ChildVkKind);

/// Proves proofs until one is left, which has the same form however many there were.
fn aggregate(
    aggregator: &AggProver,
    segments: Vec<Proof>,
    parts: &Run<'_>,
    progress: &mut Progress<'_>,
) -> Result<Proof> {
    let tree = aggregator.agg_tree_config;
    let leaf = |proofs: &[Proof], kind| {
        aggregator.leaf_prover.agg_prove_no_def::<DefaultStarkEngine>(proofs, kind)
    };
    let inner = |proofs: &[Proof], kind| {
        aggregator.internal_for_leaf_prover.agg_prove_no_def::<DefaultStarkEngine>(proofs, kind)
    };
    let recursive = |proofs: &[Proof], kind| {
        aggregator.internal_recursive_prover.agg_prove_no_def::<DefaultStarkEngine>(proofs, kind)
    };
    let mut layers = Layers { parts, progress, count: 0 };
    let mut proofs = layers.next(segments, (tree.num_children_leaf, ChildVkKind::App), leaf)?;
    let internal = tree.num_children_internal;
    proofs = layers.next(proofs, (internal, ChildVkKind::Standard), inner)?;
    proofs = layers.next(proofs, (internal, ChildVkKind::Standard), recursive)?;
    while proofs.len() > 1 {
        proofs = layers.next(proofs, (internal, ChildVkKind::RecursiveSelf), recursive)?;
    }
    // Once more: the proof of a proof of this kind is the smallest.
    proofs = layers.next(proofs, (internal, ChildVkKind::RecursiveSelf), recursive)?;
    proofs.pop().ok_or_else(|| eyre!("there is nothing to prove"))
}

struct Layers<'a, 'w> {
    parts: &'a Run<'a>,
    progress: &'a mut Progress<'w>,
    count: usize,
}

impl Layers<'_, '_> {
    fn next(
        &mut self,
        proofs: Vec<Proof>,
        (together, kind): Layer,
        prove: impl Fn(&[Proof], ChildVkKind) -> Result<Proof>,
    ) -> Result<Vec<Proof>> {
        let layer = self.count;
        self.count += 1;
        let next = proofs.chunks(together).enumerate().map(|(index, proofs)| {
            let name = format!("layer.{layer}.{index}");
            if let Some(proof) = self.parts.load(&name)? {
                self.progress.skip();
                return Ok(proof);
            }
            self.progress.begin()?;
            let proof = prove(proofs, kind)?;
            self.parts.save(&name, &proof)?;
            self.progress.done();
            Ok(proof)
        });
        next.collect()
    }
}

/// How often each instruction runs, by its address.
pub fn counts(instance: &mut Instance, plan: &Plan, job: &Job) -> Result<Vec<(u32, u64)>> {
    let exe = instance.exe().clone();
    let program = &exe.program;
    let mut counts = vec![0; program.num_defined_instructions()];
    let mut state = instance.vm.create_initial_state(&exe, job.stdin());
    for segment in &plan.segments {
        let output = instance.vm.execute_preflight(
            &mut instance.interpreter,
            state,
            Some(segment.num_insns),
            &segment.trace_heights,
        )?;
        for (count, ran) in counts.iter_mut().zip(&output.system_records.filtered_exec_frequencies)
        {
            *count += u64::from(*ran);
        }
        state = output.to_state;
    }
    let addresses = program.enumerate_by_pc().into_iter().map(|(address, ..)| address);
    Ok(addresses.zip(counts).filter(|(_, count)| *count > 0).collect())
}
