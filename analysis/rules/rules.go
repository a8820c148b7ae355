// Package rules holds everything connlint looks for: one rule, one file, one
// page, one line in the list below.
//
// To add a rule: write NAME.go with a function that makes the [analysis.Rule],
// NAME.md with its page (the sections and the trace in its Example are
// checked by the tests), a near miss under testdata/rules/NAME/ at the top of
// the repository, and put the function into [All]. The tests say what is
// missing; CONTRIBUTING.md goes through an example.
//
// A rule reads connections, transactions, pairs, hosts and the account of time. It
// may not look at packets: a fact that it needs and that is not there belongs
// into the layer that owns it.
package rules

import (
	"embed"
	"strings"

	"connlint/analysis"
)

//go:embed *.md
var pages embed.FS

// All lists the rules in the order of the report. Each call makes new values.
func All() []*analysis.Rule {
	rules := []*analysis.Rule{
		// connect
		handshakeOverhead(),
		synRetry(),
		synackRetry(),
		connectionRefused(),
		connectionUnanswered(),
		unusedConnection(),
		fastOpenRefused(),

		// tcp
		nagleDelayedAckStall(),
		nagleRTTWait(),
		classicNagleTail(),
		slowStartRamp(),
		slowStartAfterIdle(),
		smallInitialWindow(),
		ackDelayedTooLong(),
		smallWrites(),
		receiverWindowLimited(),
		zeroWindow(),
		rtoStall(),
		tailLossProbe(),

		// keepalive
		connectionPerRequest(),
		keepaliveRequestRefused(),
		keepaliveParamsNotHonoured(),
		grantedThenClosed(),
		paramsWithoutToken(),
		requestAfterClose(),
		serverKeepsOpenAfterClose(),
		idleConnectionHeld(),
		keepaliveRaceReset(),
		closedConnectionReused(),
		idleConnectionDropped(),
		keepaliveRacePredicted(),
		reuseNearTimeout(),
		idleTimeoutAdvice(),
		lengthMissing(),
		chunkedToHTTP10(),
		tokenMissing(),
		closeUnannounced(),

		// proxy
		hopByHopForwarded(),
		proxyConnectionForwarded(),
		dumbProxyHang(),
		upstreamDowngraded(),
		proxyRetriedNonIdempotent(),
		connectionListsEndToEnd(),
		controlFieldNotListed(),
		mangledConnection(),
		proxyConnectionSent(),
		http10ClientKept(),

		// concurrency
		serialConnections(),
		excessiveParallelConnections(),
		newConnectionWhileIdleWarm(),
		tinyObjects(),
		mispairedResponses(),
		pipelineRetriedPipelined(),
		pipelineCut(),
		pipelinedNonIdempotent(),
		pipelinedBeforePersistenceKnown(),
		headOfLineBlocking(),

		// framing
		contentLengthTooLong(),
		contentLengthTooShort(),
		contentLengthAndTransferEncoding(),
		conflictingContentLength(),
		chunkedUnterminated(),
		chunkSizeWrong(),
		bodyNotAllowed(),
		lengthNotAllowed(),
		transferEncodingInHTTP10(),
		requestWithoutLength(),
		headCut(),
		contentLengthOfUncompressed(),
		messageStalled(),
		unsolicitedResponse(),
		badLengthIgnored(),
		wastefulChunks(),
		lenientSyntax(),
		truncatedResponse(),
		closeDelimitedBody(),
		expectContinueWait(),

		// close
		resetMidResponse(),
		clientAbort(),
		closedWithoutAnswer(),
		resetDestroysResponse(),
		uploadCut(),
		halfCloseTakenForEnd(),
		requestRetry(),
		nonIdempotentRetry(),
		failedRetryRepeated(),
		closeWaitLeak(),
		abortiveClose(),

		// ports
		portExhaustion(),
		timeWaitBuildup(),
		portReuse(),
		connectionChurn(),
	}
	for _, r := range rules {
		r.Doc = page(r.ID())
	}
	return rules
}

// page is the text of a rule's page; a rule without one is refused by
// [analysis.Validate].
func page(id string) string {
	text, err := pages.ReadFile(id + ".md")
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}
