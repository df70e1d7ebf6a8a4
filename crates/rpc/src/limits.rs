//! What a caller may ask for at once.

use std::time::Duration;

/// The limits of one server. A request over a limit is answered with an error that names the limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request body or WebSocket message.
    pub body_bytes_max: usize,
    /// Requests in one batch.
    pub batch_entries_max: usize,
    /// Bytes of the answers to one batch together, or of one block's traces.
    pub answer_bytes_max: usize,
    /// Bytes that a trace of single instructions may take in memory.
    pub trace_bytes_max: usize,
    /// Open connections, HTTP and WebSocket together.
    pub connections_max: usize,
    /// Subscriptions of one WebSocket connection.
    pub subscriptions_max: usize,
    /// Requests that one WebSocket connection may have in flight; more wait in the socket.
    pub in_flight_max: usize,
    /// Filters of whoever shows no token, together; the oldest unused ones expire first.
    pub filters_max: usize,
    /// Filters of each token's holder.
    pub filters_each_max: usize,
    /// How long a filter lives without being asked.
    pub filter_idle: Duration,
    /// Blocks that one log query may span.
    pub log_range_blocks_max: u64,
    /// Logs in one answer.
    pub logs_max: usize,
    /// Blocks that one `eth_feeHistory` may span.
    pub fee_history_blocks_max: u64,
    /// Blocks that one `trace_filter` or `ots_search*` may execute.
    pub trace_range_blocks_max: u64,
    /// Gas of a call, an estimate or a simulation.
    pub call_gas_max: u64,
    /// Time that a call, an estimate or a simulation may take.
    pub call_time_max: Duration,
    /// Time that a trace may take.
    pub trace_time_max: Duration,
    /// Calls and queries at work at once; more wait.
    pub workers: usize,
    /// Traces at work at once; more wait.
    pub tracers: usize,
    /// Calls and queries that may wait, and as many traces; more are refused.
    pub waiting_max: usize,
    /// The time `eth_sendRawTransactionSync` waits when the caller does not say.
    pub sync_timeout: Duration,
    /// The longest time it waits.
    pub sync_timeout_max: Duration,
    /// Whether pages in browsers may ask. Where they may not, a request with an `Origin` is refused.
    pub browsers: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 10 << 20,
            batch_entries_max: 1_000,
            answer_bytes_max: 100 << 20,
            trace_bytes_max: 256 << 20,
            connections_max: 10_000,
            subscriptions_max: 1_024,
            in_flight_max: 1_024,
            filters_max: 10_000,
            filters_each_max: 100,
            filter_idle: Duration::from_secs(300),
            log_range_blocks_max: 100_000,
            logs_max: 20_000,
            fee_history_blocks_max: 1_024,
            trace_range_blocks_max: 1_000,
            call_gas_max: 100_000_000,
            call_time_max: Duration::from_secs(5),
            trace_time_max: Duration::from_secs(30),
            workers: std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2)),
            tracers: std::thread::available_parallelism()
                .map_or(1, |cores| cores.get().div_ceil(2)),
            waiting_max: 1_024,
            sync_timeout: Duration::from_secs(2),
            sync_timeout_max: Duration::from_secs(30),
            browsers: true,
        }
    }
}
