package sim
import ("testing";"fmt";"os")
func TestZZ(t *testing.T){
 if os.Getenv("ZZ")=="" {t.Skip()}
 for _,pr:=range []Protocol{Eager,Cooperative}{
 for _,n:=range []string{"nab_tweets_goog_5m","nab_elb_requests_5m","nab_nyc_taxi_30m","azure_llm_code_1s","mooncake_conversation_1s"}{
  tr:=trace(t,n); w:=World{Seed:1,Protocol:pr}
  th,_:=FixedThresholds(w)
  for _,p:=range []Policy{ourPolicy(t,w),Clairvoyant{},KEDAWork(10,100),KEDARate(100),&DS2{PerConsumer:100},th}{
   r:=Simulate(tr,w,p)
   fmt.Printf("%-12s %-26s %-24s cost %.2f late %.3f viol %.2f reb %.0f peak %v\n",pr,n,r.Policy,r.CostOverFluid,r.LatePercent,r.ViolationPercent,r.RebalancesPerDay,r.PeakAge)
  }
 }}
}
