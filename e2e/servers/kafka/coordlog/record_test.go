package coordlog

import (
	"testing"
	"time"
)

// Every line was printed by a real broker.
func TestParse(t *testing.T) {
	tests := []struct {
		name string
		line string
		want Record // At is checked by the first case only
	}{
		{
			"3.9 preparing",
			"2026-11-21T09:41:13.796+0000 INFO GroupCoordinator [GroupCoordinator 2]: Preparing to rebalance group g-classic in state PreparingRebalance with old generation 0 (__consumer_offsets-4) (reason: Adding new member g-classica-e61f37ec with group instance id None; client reason: need to re-join with the given member-id: g-classica-e61f37ec)",
			Record{
				At: time.Date(2026, 11, 21, 9, 41, 13, 796e6, time.UTC), Group: "g-classic", Kind: Preparing,
				Reason: "Adding new member g-classica-e61f37ec with group instance id None; client reason: need to re-join with the given member-id: g-classica-e61f37ec",
			},
		},
		{
			"4.3 preparing",
			"2026-11-21T09:37:50.131+0000 INFO GroupMetadataManager [GroupCoordinator id=1 topic=__consumer_offsets partition=4] Preparing to rebalance group g-classic in state PreparingRebalance with old generation 3 (reason: removing member g-classicc-ef483b2d on heartbeat expiration.).",
			Record{Group: "g-classic", Kind: Preparing, Epoch: 3, Reason: "removing member g-classicc-ef483b2d on heartbeat expiration."},
		},
		{
			"3.9 stabilized",
			"2026-11-21T09:37:33.439+0000 INFO GroupCoordinator [GroupCoordinator 3]: Stabilized group g-classic generation 2 (__consumer_offsets-4) with 2 members",
			Record{Group: "g-classic", Kind: Stabilized, Epoch: 2, Members: 2},
		},
		{
			"4.3 stabilized",
			"2026-11-21T09:37:47.785+0000 INFO GroupMetadataManager [GroupCoordinator id=1 topic=__consumer_offsets partition=4] Stabilized group g-classic generation 2 with 2 members.",
			Record{Group: "g-classic", Kind: Stabilized, Epoch: 2, Members: 2},
		},
		{
			"3.9 assigned",
			"2026-11-21T09:37:36.795+0000 INFO GroupCoordinator [GroupCoordinator 3]: Assignment received from leader g-classica-7884741e for group g-classic for generation 6. The group has 2 members, 1 of which are static.",
			Record{Group: "g-classic", Kind: Assigned, Epoch: 6, Members: 2},
		},
		{
			"3.9 emptied",
			"2026-11-21T10:06:40.503+0000 INFO GroupCoordinator [GroupCoordinator 3]: Group g1 with generation 2 is now empty (__consumer_offsets-2)",
			Record{Group: "g1", Kind: Emptied, Epoch: 2},
		},
		{
			"4.3 emptied",
			"2026-11-21T09:37:58.306+0000 INFO GroupMetadataManager [GroupCoordinator id=1 topic=__consumer_offsets partition=4] Group g-classic with generation 8 is now empty.",
			Record{Group: "g-classic", Kind: Emptied, Epoch: 8},
		},
		{
			"3.9 expired",
			"2026-11-21T09:37:35.790+0000 INFO GroupCoordinator [GroupCoordinator 3]: Member g-classicc-48eaf081 in group g-classic has failed, removing it from the group",
			Record{Group: "g-classic", Kind: Expired, Member: "g-classicc-48eaf081"},
		},
		{
			"3.9 left",
			"2026-11-21T09:41:21.364+0000 INFO GroupCoordinator [GroupCoordinator 2]: Member MemberMetadata(memberId=g-classica-e61f37ec, groupInstanceId=None, clientId=g-classica, clientHost=/127.0.0.1, sessionTimeoutMs=2000, rebalanceTimeoutMs=2000, supportedProtocols=List(cooperative-sticky)) has left group g-classic through explicit `LeaveGroup`; client reason: consumer poll timeout has expired.",
			Record{Group: "g-classic", Kind: Left, Member: "g-classica-e61f37ec", Reason: "consumer poll timeout has expired."},
		},
		{
			"4.3 left",
			"2026-11-21T09:37:50.534+0000 INFO GroupMetadataManager [GroupCoordinator id=1 topic=__consumer_offsets partition=4] [Group g-classic] Member g-classicb-dd34b4e3 has left group through explicit `LeaveGroup` request; client reason: the consumer is being closed",
			Record{Group: "g-classic", Kind: Left, Member: "g-classicb-dd34b4e3", Reason: "the consumer is being closed"},
		},
		{
			"4.3 static member back",
			"2026-11-21T09:37:51.289+0000 INFO GroupMetadataManager [GroupCoordinator id=1 topic=__consumer_offsets partition=4] Static member with groupInstanceId=s1 and unknown member id joins group g-classic in Stable state. Replacing previously mapped member s1-d7196047 with this groupInstanceId.",
			Record{Group: "g-classic", Kind: Replaced, Old: "s1-d7196047"},
		},
		{
			"KIP-848 joined",
			"2026-11-21T09:37:52.619+0000 INFO GroupMetadataManager [GroupCoordinator id=1 topic=__consumer_offsets partition=4] [GroupId g-consumer] Member 8DE9L1RpQHmWquKQhIEjvw joins the consumer group using the consumer protocol.",
			Record{Group: "g-consumer", Kind: Joined, Member: "8DE9L1RpQHmWquKQhIEjvw"},
		},
		{
			"KIP-848 static joined",
			"2026-11-21T09:38:03.194+0000 INFO GroupMetadataManager [GroupCoordinator id=1 topic=__consumer_offsets partition=4] [GroupId g-consumer] Static member qRRvZrp-SH2JMDYnUdUcIg with instance id s1 joins the consumer group using the consumer protocol.",
			Record{Group: "g-consumer", Kind: Joined, Member: "qRRvZrp-SH2JMDYnUdUcIg"},
		},
		{
			"KIP-848 bumped",
			"2026-11-21T09:42:14.631+0000 INFO GroupMetadataManager [GroupCoordinator id=1 topic=__consumer_offsets partition=4] [GroupId g-consumer] Bumped group epoch to 9 with metadata hash -5856205672088547981.",
			Record{Group: "g-consumer", Kind: Bumped, Epoch: 9, Hash: "-5856205672088547981"},
		},
		{
			"KIP-848 targeted",
			"2026-11-21T09:38:00.155+0000 INFO GroupMetadataManager [GroupCoordinator id=1 topic=__consumer_offsets partition=4] [GroupId g-consumer] Computed a new target assignment for epoch 6 with 'uniform' assignor in 1ms.",
			Record{Group: "g-consumer", Kind: Targeted, Epoch: 6},
		},
		{
			"KIP-848 reconciled",
			"2026-11-21T09:42:04.246+0000 DEBUG GroupMetadataManager [GroupCoordinator id=1 topic=__consumer_offsets partition=4] [GroupId g-consumer] Member pQZHaFGtRlGNkzcXmdRfoQ new assignment state: epoch=5, previousEpoch=4, state=STABLE, assignedPartitions=[ARPk2gBYQtmo9nwJ8AeJDA-2@5, ARPk2gBYQtmo9nwJ8AeJDA-3@2] and revokedPartitions=[].",
			Record{Group: "g-consumer", Kind: Reconciled, Member: "pQZHaFGtRlGNkzcXmdRfoQ", Epoch: 5, State: "STABLE"},
		},
		{
			"KIP-848 static away",
			"2026-11-21T09:42:07.480+0000 INFO GroupMetadataManager [GroupCoordinator id=1 topic=__consumer_offsets partition=4] [GroupId g-consumer] Static member 8E53qtRURJyUbvAwwGuzpw with instance id s1 temporarily left the consumer group.",
			Record{Group: "g-consumer", Kind: Away, Member: "8E53qtRURJyUbvAwwGuzpw"},
		},
		{
			"KIP-848 static back",
			"2026-11-21T09:42:07.519+0000 INFO GroupMetadataManager [GroupCoordinator id=1 topic=__consumer_offsets partition=4] [GroupId g-consumer] Static member with instance id s1 re-joins the consumer group using the consumer protocol. Created a new member _ZZPQx7QQI2M9SogI_PaKw to replace the existing member 8E53qtRURJyUbvAwwGuzpw.",
			Record{Group: "g-consumer", Kind: Replaced, Member: "_ZZPQx7QQI2M9SogI_PaKw", Old: "8E53qtRURJyUbvAwwGuzpw"},
		},
		{
			"KIP-848 left",
			"2026-11-21T09:42:04.300+0000 INFO GroupMetadataManager [GroupCoordinator id=1 topic=__consumer_offsets partition=4] [GroupId g-consumer] Member 58nY5BUvRGar9i5MMx5BIg left the consumer group.",
			Record{Group: "g-consumer", Kind: Left, Member: "58nY5BUvRGar9i5MMx5BIg"},
		},
		{
			"KIP-848 expired",
			"2026-11-21T09:42:03.452+0000 INFO GroupMetadataManager [GroupCoordinator id=1 topic=__consumer_offsets partition=4] [GroupId g-consumer] Member aPdEuj8iQcOhqe60dqV7wg fenced from the group because the member session expired.",
			Record{Group: "g-consumer", Kind: Expired, Member: "aPdEuj8iQcOhqe60dqV7wg", Reason: "the member session expired"},
		},
		{
			"KIP-848 subscribed",
			"2026-11-21T09:42:14.631+0000 DEBUG GroupMetadataManager [GroupCoordinator id=1 topic=__consumer_offsets partition=4] [GroupId g-consumer] Member pQZHaFGtRlGNkzcXmdRfoQ updated its subscribed topics to: [orders-ui52frjk, second-nhidwsw0].",
			Record{Group: "g-consumer", Kind: Subscribed, Member: "pQZHaFGtRlGNkzcXmdRfoQ"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := Parse(tt.line)
			if !ok {
				t.Fatal("not recognised")
			}
			if tt.want.At.IsZero() {
				got.At = time.Time{}
			} else if !got.At.Equal(tt.want.At) {
				t.Errorf("at %v, want %v", got.At, tt.want.At)
			}
			got.At = tt.want.At
			if got != tt.want {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestParseIgnoresOtherLines(t *testing.T) {
	for _, line := range []string{
		"",
		"\tat kafka.Kafka.main(Kafka.scala)",
		"2026-11-21T09:37:28.119+0000 WARN ReplicaFetcherThread [ReplicaFetcher replicaId=3, leaderId=1, fetcherId=0] Received UNKNOWN_TOPIC_ID from the leader for partition __consumer_offsets-7.",
		"2026-11-21T09:41:37.533+0000 DEBUG GroupMetadataManager [GroupCoordinator id=2 topic=__consumer_offsets partition=4] Cannot complete join phase of group g-classic because not all the members have rejoined. Members=3, AwaitingJoinResponses=2, PendingJoinMembers=0.",
		"2026-11-21T09:37:33.084+0000 INFO GroupCoordinator [GroupCoordinator 3]: Dynamic member with unknown member id joins group g-classic in Empty state. Created a new member id g-classica-7884741e and request the member to rejoin with this id.",
	} {
		if r, ok := Parse(line); ok {
			t.Errorf("%q became %+v", line, r)
		}
	}
}
